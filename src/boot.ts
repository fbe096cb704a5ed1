import {
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';

/** The file that `src/main.ts` is built into; the build puts it in. */
declare const PROGRAM: string;

type Run = (exports: object, require: (id: string) => unknown, module: { exports: object }) => void;

/**
 * What V8 made of the program, by the version that made it: another one cannot use it. Beside the program, but where
 * a package owns that folder, the timer's runs may not write there.
 */
const cacheDir = join(
  __dirname.startsWith('/usr/lib/') ? '/var/cache/autoscaler' : join(__dirname, 'cache'),
  `${process.version}-${process.arch}`,
);

const modules = new Map<string, { exports: object }>();
const uncached = new Map<string, Script>();

/**
 * Runs a file of the program, once. Node compiles what it loads anew at each start, which for a oneshot
 * is most of its work, so V8's own form of it is kept (Node 20 has no compile cache of its own; this way
 * serves all versions). V8 looks at its version, flags and the length of the
 * source before it takes it; the name of each file holds a hash of its content.
 */
function load(id: string): object {
  const known = modules.get(id);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  modules.set(id, module);
  const filename = join(__dirname, id);
  // a function, of ASCII alone: see scripts/build.mjs
  const source = readFileSync(filename, 'latin1');
  const cachedData = readCached(id);
  const script = new Script(source, {
    filename,
    ...(cachedData !== undefined && { cachedData }),
  });
  if (cachedData === undefined || script.cachedDataRejected === true) uncached.set(id, script);
  (script.runInThisContext() as Run)(module.exports, requireFrom, module);
  return module.exports;
}

function requireFrom(id: string): unknown {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- this file is built into a CommonJS one
  return id.startsWith('./') ? load(id.slice(2)) : require(id);
}

function readCached(id: string): Buffer | undefined {
  try {
    return readFileSync(join(cacheDir, id));
  } catch {
    return undefined;
  }
}

/** Only as the owner of the program: whoever can write here could as well write the program. */
function keepCached(): void {
  try {
    if (process.getuid?.() !== statSync(__dirname).uid) return;
    dropOthers();
    mkdirSync(cacheDir, { recursive: true, mode: 0o755 });
    for (const [id, script] of uncached) {
      const own = join(cacheDir, `${id}.${process.pid}`);
      writeFileSync(own, script.createCachedData(), { mode: 0o644 });
      renameSync(own, join(cacheDir, id));
    }
  } catch {
    // a file system that is full or not to be written to: the next run compiles anew
  }
}

/** Those of a program or of a Node that was replaced: nothing there was of use. */
function dropOthers(): void {
  const above = join(cacheDir, '..');
  for (const name of uncached.size === modules.size ? listNames(above) : []) {
    rmSync(join(above, name), { recursive: true, force: true });
  }
}

function listNames(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

process.on('exit', () => {
  if (uncached.size > 0) keepCached();
});
load(PROGRAM);
