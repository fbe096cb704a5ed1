import type { Lab } from './lab.ts';
import type { Result } from './running.ts';

/** What is waited for on the screen, and what is typed then. */
export type Step = [wait: string, keys: string];

const PTY = `
import fcntl, json, os, pty, struct, sys, termios, time
columns, steps, argv = int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:]
pid, fd = pty.fork()
if pid == 0: os.execvp(argv[0], argv)
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 40, columns, 0, 0))
seen = fresh = ''
while True:
    try: data = os.read(fd, 4096).decode(errors='replace')
    except OSError: break
    if not data: break
    seen += data; fresh += data
    if steps and steps[0][0] in fresh:
        time.sleep(0.3); fresh = ''
        os.write(fd, steps.pop(0)[1].encode())
print(seen)
if steps: print('never seen:', steps[0][0])
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

/**
 * Runs a command on a terminal inside the lab, 40 lines high, and types as somebody would.
 *
 * @returns its exit code, and all that it showed as `stdout`
 */
export function typeAt(
  lab: Lab,
  argv: readonly string[],
  steps: readonly Step[],
  { columns = 80 }: { columns?: number } = {},
): Promise<Result> {
  return lab.exec(
    ['/usr/bin/python3', '-c', PTY, String(columns), JSON.stringify(steps), ...argv],
    { env: { TERM: 'xterm' } },
  );
}
