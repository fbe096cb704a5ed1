import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { readCompiled, writeCompiled } from './compiled.ts';

/** The file that `src/main.ts` is built into; the build puts it in. */
declare const PROGRAM: string;

type Run = (exports: object, require: (id: string) => unknown, module: { exports: object }) => void;

/** Beside the program, but where a package owns that folder the timer's runs may not write there. */
const root = __dirname.startsWith('/usr/lib/') ? '/var/cache/autoscaler' : join(__dirname, 'cache');

/** What V8 made of this very program: another version of V8 cannot use it. */
const folder = join(root, `${process.version}-${process.arch}-${PROGRAM.replace(/\.js$/, '')}`);

/** V8 compiles a function on its first call, so the first calls that use a part each add to its compiled form. */
const ADDING_CALLS = 10;

const modules = new Map<string, { exports: object }>();
const parts: { path: string; script: Script; calls: number }[] = [];

/**
 * Runs a part of the program, once. Node recompiles what it loads at each start, which for a oneshot is most of its
 * work, so V8's compiled form is kept. A form that is damaged, or made by another V8, is recompiled and replaced.
 */
function load(id: string): object {
  const known = modules.get(id);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  modules.set(id, module);
  const filename = join(__dirname, id);
  // a function, of ASCII alone: see scripts/build/build.mjs
  const source = readFileSync(filename, 'latin1');
  const path = join(folder, id);
  const { data, calls } = readCompiled(path) ?? { calls: 0 };
  const script = new Script(source, { filename, ...(data !== undefined && { cachedData: data }) });
  parts.push({ path, script, calls: script.cachedDataRejected === true ? 0 : calls });
  (script.runInThisContext() as Run)(module.exports, requireFrom, module);
  return module.exports;
}

function requireFrom(id: string): unknown {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- this file is built into a CommonJS one
  return id.startsWith('./') ? load(id.slice(2)) : require(id);
}

/** Only as the owner of the program: whoever can write here could as well write the program. */
function keepCompiled(exitCode: number): void {
  const growing = parts.filter(({ calls }) => calls < ADDING_CALLS);
  // a call that failed does little of what others do
  if (growing.length === 0 || exitCode > 1) return;
  try {
    if (process.getuid?.() !== statSync(__dirname).uid) return;
    if (!existsSync(folder)) makeFolder();
    for (const { path, script, calls } of growing) {
      writeCompiled(path, { data: script.createCachedData(), calls: calls + 1 });
    }
  } catch {
    // a file system that is full or read-only: the next call compiles again
  }
}

/** Drops what was kept of a program or of a Node that was replaced. */
function makeFolder(): void {
  mkdirSync(root, { recursive: true, mode: 0o755 });
  for (const name of readdirSync(root)) rmSync(join(root, name), { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o755 });
}

process.on('exit', keepCompiled);
load(PROGRAM);
