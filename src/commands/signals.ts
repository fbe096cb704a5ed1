import { onFirstChange } from '../host/phase.ts';

/** Whether the user (Ctrl-C) or systemd (stop) asked us to end. */
export interface SignalWatch {
  interrupted: () => boolean;
  /** 128 + the signal's number, where one came; null otherwise */
  exitCode: () => number | null;
  /** from now on a signal ends the process again at once */
  release: () => void;
}

/**
 * Holds SIGINT, SIGTERM and SIGHUP back from the first change on: what is under way is finished or undone, nothing
 * new is begun, what was done is told, and the process ends with 128 + n. Before that a signal ends it at once, as
 * there is nothing to lose, and nothing that holds this thread up can keep it from being heard.
 */
export function watchSignals(): SignalWatch {
  const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
  let code: number | null = null;
  const handlers = Object.entries(numbers).map(([name, number]) => ({
    name,
    handler: (): void => {
      code ??= 128 + number;
    },
  }));
  onFirstChange(() => {
    for (const { name, handler } of handlers) process.on(name, handler);
  });
  return {
    interrupted: () => code !== null,
    exitCode: () => code,
    release: () => {
      onFirstChange(null);
      for (const { name, handler } of handlers) process.off(name, handler);
    },
  };
}
