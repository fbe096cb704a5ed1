/** Whether the user (Ctrl-C) or systemd (stop) asked us to end. */
export interface SignalWatch {
  interrupted: () => boolean;
  /** 128 + the signal's number, where one came; null otherwise */
  exitCode: () => number | null;
  /** from now on a signal ends the process again at once */
  release: () => void;
}

/**
 * Holds SIGINT, SIGTERM and SIGHUP back while a change is under way: it is finished or undone, nothing
 * new is begun, and the process ends with 128 + n.
 */
export function watchSignals(): SignalWatch {
  const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
  let code: number | null = null;
  const handlers = Object.entries(numbers).map(([name, number]) => {
    const handler = (): void => {
      code ??= 128 + number;
    };
    process.on(name, handler);
    return { name, handler };
  });
  return {
    interrupted: () => code !== null,
    exitCode: () => code,
    release: () => {
      for (const { name, handler } of handlers) process.off(name, handler);
    },
  };
}
