import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Node's own modules that a package asks for when it is loaded and uses in cases that are rare here. */
const LATE = {
  // of commands that are programs of their own; there are none
  commander: ['node:child_process'],
  'sonic-boom': ['assert'],
  'redis-errors': ['assert'],
};

/** Parts of packages that are never used: whatever is asked of them is an error. */
const UNUSED = [/\/node_modules\/pino\/lib\/transport\.js$/];

/** What a package makes when it is loaded, and uses in cases that are rare here. */
const MADE_LATE = {
  'string-width': {
    path: /\/node_modules\/string-width\/index\.js$/,
    // Unicode's rules for where characters end are not small
    from: 'const segmenter = new Intl.Segmenter();',
    to: 'let made; const segmenter = { segment: (text) => (made ??= new Intl.Segmenter()).segment(text) };',
  },
};

/** Lets packages load later what they need seldom. Nothing of what they do changes. */
export const latePlugin = {
  name: 'late',
  resolveId(id, importer) {
    const owner = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/.exec(
      importer ?? '',
    )?.[1];
    if (owner !== undefined && LATE[owner]?.includes(id)) return `\0late:${id}`;
    if (owner === 'pino' && id === 'worker_threads') return '\0main-thread';
    return null;
  },
  load(id) {
    if (id.startsWith('\0late:')) return wrap(id.slice('\0late:'.length));
    if (id === '\0main-thread') return 'module.exports = { isMainThread: true };';
    if (UNUSED.some((path) => path.test(id))) {
      return 'module.exports = class { constructor() { throw new Error("not part of this program") } };';
    }
    return null;
  },
  transform(code, id) {
    for (const [name, { path, from, to }] of Object.entries(MADE_LATE)) {
      if (!path.test(id)) continue;
      if (!code.includes(from)) throw new Error(`${name} is made in another way now: see ${id}`);
      return code.replace(from, to);
    }
    return null;
  },
};

/** The same functions, each of which loads the module when it is called. */
function wrap(id) {
  const module = require(id);
  const late = (name) => `(...args) => require(${JSON.stringify(id)})${name}(...args)`;
  // an assertion that holds needs nothing
  const called = id === 'assert' ? `(...args) => args[0] || (${late('')})(...args)` : late('');
  const whole = typeof module === 'function' ? called : '{}';
  const names = Object.keys(module).filter(
    (name) => /^[a-z]/.test(name) && typeof module[name] === 'function',
  );
  return `module.exports = Object.assign(${whole}, {${names.map((name) => `${name}: ${late(`.${name}`)}`).join(',')}});`;
}
