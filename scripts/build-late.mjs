import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Node's own modules that a package asks for when it is loaded and uses in cases that are rare here. */
const LATE = {
  // of commands that are programs of their own; there are none
  commander: ['node:child_process'],
  'sonic-boom': ['assert'],
  // what it asks other programs for is not asked of it here
  systeminformation: ['child_process'],
};

/** Parts of packages that are never used: whatever is asked of them is an error. */
const UNUSED = [
  /\/node_modules\/pino\/lib\/transport\.js$/,
  /\/node_modules\/pino-std-serializers\/lib\/re[qs]\.js$/,
  /\/node_modules\/@pinojs\/redact\/index\.js$/,
];

/** Packages whose beginning is not small (Unicode's rules for characters), while most calls need nothing of them. */
const LATE_PACKAGES = ['string-width'];

/** What is read of /proc is there at once: for Node's way to wait for a file it starts four threads, which nothing else needs. */
const FS_AT_ONCE = `const fs = require('node:fs');
module.exports = Object.create(fs, {
  readFile: {
    value: (path, callback) => {
      let content;
      try {
        content = fs.readFileSync(path);
      } catch (error) {
        return callback(error);
      }
      callback(null, content);
    },
  },
});`;

/**
 * Before systeminformation reads /proc/meminfo it has Node read it six times, for values that it takes where it cannot
 * be read. They are none here, which src/measure/host.ts tells.
 */
const OS_WITHOUT_MEMORY = `const none = { value: () => NaN };
module.exports = Object.create(require('node:os'), { totalmem: none, freemem: none });`;

/**
 * What a file of a package exports and nobody asks for is left out, with the functions that only that needs: of
 * systeminformation `mem` alone is called, and of its helpers what the file with `mem` names.
 */
const MEMORY = '/systeminformation/lib/memory.js';
const HELPERS = '/systeminformation/lib/util.js';
const memoryCode = readFileSync(require.resolve('systeminformation/lib/memory.js'), 'utf8');
const helperNames = Array.from(memoryCode.matchAll(/\butil\.(\w+)/g), ([, name]) => name);
const NEEDED = { [MEMORY]: new Set(['mem']), [HELPERS]: new Set(helperNames) };

/** Lets packages load later, or not at all, what they need seldom. Nothing changes of what is asked of them here. */
export const latePlugin = {
  name: 'late',
  resolveId(id, importer) {
    const owner = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/.exec(
      importer ?? '',
    )?.[1];
    if (owner !== undefined && LATE[owner]?.includes(id)) return `\0late:${id}`;
    if (owner === 'pino' && id === 'worker_threads') return '\0main-thread';
    if (owner === 'systeminformation' && id === 'fs') return '\0fs-at-once';
    if (importer?.endsWith(MEMORY) && id === 'os') {
      return '\0os-without-memory';
    }
    if (LATE_PACKAGES.includes(id) && importer !== `\0package:${id}`) return `\0package:${id}`;
    return null;
  },
  transform(code, id) {
    const path = [MEMORY, HELPERS].find((each) => id.endsWith(each));
    if (path === undefined) return null;
    return code.replaceAll(/^exports\.(\w+) = .*;$/gm, (line, name) =>
      NEEDED[path].has(name) ? line : '',
    );
  },
  load(id) {
    if (id.startsWith('\0late:')) return wrap(id.slice('\0late:'.length));
    if (id.startsWith('\0package:')) {
      const name = JSON.stringify(id.slice('\0package:'.length));
      return `module.exports = (...args) => require(${name}).default(...args);`;
    }
    if (id === '\0fs-at-once') return FS_AT_ONCE;
    if (id === '\0os-without-memory') return OS_WITHOUT_MEMORY;
    if (id === '\0main-thread') return 'module.exports = { isMainThread: true };';
    if (UNUSED.some((path) => path.test(id))) {
      return 'module.exports = class { constructor() { throw new Error("not part of this program") } };';
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
