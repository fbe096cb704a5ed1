import type { CommandLine } from './kind.ts';

/** Also other builds of it: `python3.13t`, `python3.11d`. */
const PYTHON = /^(?:python|pypy)[\d.]*[a-z]?$/;

/** Options of Python that take the next word as their value. */
const PYTHON_VALUES = ['-X', '-W', '--check-hash-based-pycs'];

/** A command line as the kinds look at it. */
export function toCommandLine(argv: readonly string[]): CommandLine {
  const title = argv[0] ?? '';
  if (!PYTHON.test(baseName(title))) return { argv, title, script: null, args: argv.slice(1) };
  const at = findScript(argv);
  const script = baseName(argv[at] ?? '').replace(/^-[A-Za-z]*?m(?=.)/, '');
  return { argv, title, script, args: argv.slice(at + 1) };
}

/** The place of the script, or of the module of `-m`, in Python's command line. */
export function findScript(argv: readonly string[]): number {
  for (let at = 1; at < argv.length; at++) {
    const arg = argv[at] ?? '';
    if (/^-[A-Za-z]*m$/.test(arg)) return at + 1;
    if (/^-[bBdEhiIOqRsSuvVx]*m./.test(arg)) return at;
    if (PYTHON_VALUES.includes(arg)) at++;
    else if (!arg.startsWith('-')) return at;
  }
  return argv.length;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
