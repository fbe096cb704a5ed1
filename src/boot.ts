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

/** How often each command was called, as far as it matters: see `keepCompiled`. */
const usesFile = join(cacheDir, 'uses.json');

/** After so many calls of a command all that it usually needs has been compiled once. */
const ENOUGH = 4;

const modules = new Map<string, { exports: object }>();
const scripts = new Map<string, Script>();
let uncached = 0;

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
  scripts.set(id, script);
  if (cachedData === undefined || script.cachedDataRejected === true) uncached++;
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

/**
 * V8 compiles a function when it is first called, and keeps what was compiled by then. The first run of all has no
 * history and a config to check, `--help` needs other functions than `run`: so what is kept is added to in the first
 * calls of each command. Only as the owner of the program: whoever can write here could as well write the program.
 */
function keepCompiled(): void {
  try {
    const uses = readUses();
    const [, , word = ''] = process.argv;
    const command = /^[a-z-]{1,20}$/.test(word) ? word : '';
    const times = uses[command] ?? 0;
    if (uncached === 0 && times >= ENOUGH) return;
    if (process.getuid?.() !== statSync(__dirname).uid) return;
    if (uncached === modules.size) dropOthers();
    mkdirSync(cacheDir, { recursive: true, mode: 0o755 });
    // first, since it takes no time where nothing can be written
    write(usesFile, JSON.stringify({ ...uses, [command]: times + 1 }));
    for (const [id, script] of scripts) write(join(cacheDir, id), script.createCachedData());
  } catch {
    // a file system that is full or not to be written to: the next run compiles anew
  }
}

function readUses(): Record<string, number> {
  try {
    return JSON.parse(readFileSync(usesFile, 'utf8')) as Record<string, number>;
  } catch {
    return {};
  }
}

function write(path: string, content: Buffer | string): void {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, content, { mode: 0o644 });
  renameSync(own, path);
}

/** Those of a program or of a Node that was replaced: nothing there was of use. */
function dropOthers(): void {
  const above = join(cacheDir, '..');
  for (const name of listNames(above)) {
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

process.on('exit', keepCompiled);
load(PROGRAM);
