import type { KindName } from '../model/types.ts';
import type { Program } from './kind.ts';
import { toCommandLine } from './python.ts';
import { kindNamed, KINDS } from './registry.ts';

/**
 * Whether a command line, or the title set by setproctitle, is that of a service's main process (a Gunicorn master, the
 * main process of Celery); null: it is not, as for a shell or a wrapper that only names one. A Gunicorn worker that has no
 * title looks like its master.
 */
export function readProgram(argv: readonly string[]): Program | null {
  const line = toCommandLine(argv);
  for (const { processes } of KINDS) {
    const program = processes.recognise(line);
    if (program !== null) return program;
  }
  return null;
}

/** The same for a command line of which the config says what it runs: an entry script of a project's own. */
export function declaredProgram(argv: readonly string[], kind: KindName): Program {
  return kindNamed(kind).processes.declare(toCommandLine(argv));
}
