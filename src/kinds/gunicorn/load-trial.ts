import { tryReadWhole } from '../../host/kernel-files.ts';
import { readProcess } from '../../host/proc/proc.ts';
import type { KindTarget } from '../ports.ts';
import { findScript, toCommandLine } from '../python.ts';
import { isMaster } from './processes.ts';

/** `fails`: the last of what it said. `unknown`: why it could not be tried. */
export type Trial = 'loads' | { fails: string } | { unknown: string };

const ENVIRON_BYTES = 2 ** 20;

/** Of the environment of the service what is about itself alone. */
const NOT_HANDED_ON =
  /^(?:NOTIFY_SOCKET|LISTEN_\w+|WATCHDOG_\w+|INVOCATION_ID|JOURNAL_STREAM|MAINPID|SYSTEMD_EXEC_PID|GUNICORN_(?:PID|FD))=/;

/** Takes the environment from its input, so that no password is seen in a command line or by systemctl show. */
const ENTER = `import os, sys
env = dict(each.split(b"=", 1) for each in sys.stdin.buffer.read().split(b"\\0") if b"=" in each)
os.execvpe(sys.argv[1], sys.argv[1:], env)`;

/**
 * Loads the application as a worker does: as \`gunicorn --check-config\`, but with the paths and variables that a config
 * file sets, with the class of the workers, and without waiting for threads of the application.
 */
const LOAD = `import os, sys, traceback
os.write(1, b"begun\\n")
sys.argv[0] = "gunicorn"
try:
    from gunicorn.app.wsgiapp import WSGIApplication
    app = WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]")
    for path in (app.cfg.pythonpath or "").split(","):
        if path:
            sys.path.insert(0, os.path.abspath(path))
    os.environ.update(app.cfg.env)
    app.cfg.worker_class
    app.load()
except BaseException:
    traceback.print_exc()
    sys.stderr.flush()
    os._exit(1)
os._exit(0)`;

/** Whether a new worker of a running Gunicorn could load the application, tried in a process apart as the user of its workers. */
export async function tryLoad(
  service: string,
  { masterPid, workerPids }: { masterPid: number; workerPids: readonly number[] },
  limitMs: number,
  { runApart }: Pick<KindTarget, 'runApart'>,
): Promise<Trial> {
  const argv = readProcess(masterPid)?.argv ?? [];
  if (argv.length < 2) return { unknown: 'its command line cannot be seen' };
  // what an entry script of the project's own does with its options is not to be known
  if (!isMaster(toCommandLine(argv))) return { unknown: 'its own program starts it' };
  const environ = tryReadWhole(`/proc/${masterPid}/environ`, ENVIRON_BYTES);
  if (environ?.includes('=') !== true) return { unknown: 'its environment cannot be seen' };
  const at = findScript(argv);
  const options = argv.slice(1, at).filter((word) => !/^-[A-Za-z]*m$/.test(word));
  const python = argv[0] ?? '';
  const load = [python, ...options, '-c', LOAD, ...argv.slice(at + 1)];
  const input = environ
    .split('\0')
    .filter((each) => !NOT_HANDED_ON.test(each))
    .join('\0');
  const tried = await runApart({
    ...{ service, limitMs, input, likePid: workerPids[0] ?? masterPid },
    argv: ['/usr/bin/env', python, '-I', '-S', '-c', ENTER, ...load],
  });
  if ('unknown' in tried) return tried;
  const { exitCode, isLate, said } = tried;
  if (exitCode === 0) return 'loads';
  if (isLate) return { fails: `it did not load within ${limitMs / 1000} s` };
  return { fails: said === '' ? `ended with ${exitCode}` : said };
}
