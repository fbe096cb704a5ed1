import { fstatSync } from 'node:fs';

/** Priorities of syslog, as systemd reads them from the start of a line (sd-daemon(3)). */
const PRIORITY: Record<string, number> = { ERROR: 3, WARN: 4, INFO: 6, DEBUG: 7 };

/** Whether a stream of this process is the journal itself: systemd names device and inode (systemd.exec(5), JOURNAL_STREAM). */
export function isJournal(fd: number, named = process.env['JOURNAL_STREAM']): boolean {
  if (named === undefined) return false;
  try {
    const { dev, ino } = fstatSync(fd);
    return named === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

/**
 * A line of the log as the journal has it: a plain sentence with its priority, each line of it. Empty for what nobody
 * wants to read every 2 minutes: that a service stays as it is. What is held back and the state of all is said by
 * `reportRun` when it is news.
 */
export function toJournal(line: string): string {
  const { level, event, msg } = JSON.parse(line) as Record<'level' | 'event' | 'msg', string>;
  if (event === 'none' && level === 'INFO') return '';
  return prefix(msg, PRIORITY[level] ?? 6);
}

/** What ends a command, as its stderr has it: with the priority of an error where that is the journal. */
export function toError(text: string): string {
  return isJournal(2) ? prefix(text, 3) : `${text}\n`;
}

function prefix(text: string, priority: number): string {
  return text
    .split('\n')
    .map((line) => `<${priority}>${line}\n`)
    .join('');
}
