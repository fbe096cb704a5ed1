import {
  existsSync,
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

const [, , word = ''] = process.argv;

/** Beside the program, but where a package owns that folder the timer's runs may not write there. */
const root = __dirname.startsWith('/usr/lib/') ? '/var/cache/autoscaler' : join(__dirname, 'cache');

/** What V8 made of this very program; another version of V8 cannot use it. */
const programDir = join(root, `${process.version}-${process.arch}`, PROGRAM.replace(/\.js$/, ''));

/** The part of one command: what others need of the same files would only take time here. */
const cacheDir = join(programDir, /^[a-z-]{1,20}$/.test(word) ? word : 'none');

/** How often the command was called, as far as it matters: see `keepCompiled`. */
const callsFile = join(cacheDir, 'calls');

/** So many calls of a command add what they have compiled: the very first one does not need what later ones do. */
const ADDING = 4;

/** This call compiles all anew and keeps that alone, as the first ones needed what is not needed any more. */
const SETTLING = 12;

const modules = new Map<string, { exports: object }>();
const scripts = new Map<string, Script>();
const uncached = new Set<string>();

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
  if (cachedData === undefined || script.cachedDataRejected === true) uncached.add(id);
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
 * history and a config to check, so what is kept is added to in the first calls, and later made anew by a call like all
 * that follow. Only as the owner of the program: whoever can write here could as well write the program.
 */
function keepCompiled(exitCode: number): void {
  try {
    const calls = readCalls();
    if (calls >= SETTLING && uncached.size === 0) return;
    // a word that is no command has no calls worth it
    if (exitCode > 1 || process.getuid?.() !== statSync(__dirname).uid) return;
    if (!existsSync(programDir)) dropOthers();
    mkdirSync(cacheDir, { recursive: true, mode: 0o755 });
    // first, since it takes no time where nothing can be written
    write(callsFile, String(calls + 1));
    for (const [id, script] of scripts) {
      const path = join(cacheDir, id);
      if (calls + 1 === SETTLING - 1) rmSync(path, { force: true });
      else if (calls < ADDING || uncached.has(id)) write(path, script.createCachedData());
    }
  } catch {
    // a file system that is full or not to be written to: the next run compiles anew
  }
}

/** Those of a program or of a Node that was replaced. */
function dropOthers(): void {
  mkdirSync(root, { recursive: true, mode: 0o755 });
  for (const name of readdirSync(root)) rmSync(join(root, name), { recursive: true, force: true });
}

function readCalls(): number {
  try {
    return Number(readFileSync(callsFile, 'utf8')) || 0;
  } catch {
    return 0;
  }
}

function write(path: string, content: Buffer | string): void {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, content, { mode: 0o644 });
  renameSync(own, path);
}

process.on('exit', keepCompiled);
load(PROGRAM);
