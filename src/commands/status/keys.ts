import { readFileSync } from 'node:fs';

/** What the keys of a screen do. */
export interface Keys {
  quit: () => void;
  /** Ctrl-C, which is a key like another one meanwhile */
  interrupt: () => void;
  /** before Ctrl-Z stops this process, and when it goes on */
  stop: () => void;
  resume: () => void;
}

/**
 * Listens to the keys of the terminal, each at once, until it is released; null: there is no terminal to listen to, or it
 * is somebody else's at this moment, as for a job in the background, which would be stopped by that.
 */
export function listenToKeys({
  quit,
  interrupt,
  stop,
  resume,
}: Keys): { release: () => void } | null {
  const { stdin } = process;
  if (!stdin.isTTY || !isInForeground()) return null;
  const onData = (data: Buffer): void => {
    const key = data.toString('latin1');
    if (['q', 'Q', '\x1b', '\x04'].includes(key)) quit();
    else if (key === '\x03') interrupt();
    else if (key === '\x1a') {
      stop();
      stdin.setRawMode(false);
      process.kill(process.pid, 'SIGTSTP');
    }
  };
  const onContinue = (): void => {
    stdin.setRawMode(true);
    resume();
  };
  stdin.setRawMode(true);
  stdin.on('data', onData);
  process.on('SIGCONT', onContinue);
  return {
    release: () => {
      stdin.off('data', onData);
      process.off('SIGCONT', onContinue);
      stdin.setRawMode(false);
      stdin.pause();
    },
  };
}

/** proc_pid_stat(5): whether the process group of the terminal is ours. */
function isInForeground(): boolean {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [, , group, , , foreground] = fields;
  return group === foreground;
}
