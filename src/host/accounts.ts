import { spawnSync } from 'node:child_process';
import { CHILD_ENV } from './child-env.ts';

/** Names by numbers, each asked for once; the number itself where there is none. */
export function nameReader(): { user: (uid: number) => string; group: (gid: number) => string } {
  const known = new Map<string, string>();
  const read = (database: 'passwd' | 'group', id: number): string => {
    const key = `${database} ${id}`;
    const name = known.get(key) ?? (ask(database, String(id))[0] || String(id));
    known.set(key, name);
    return name;
  };
  return { user: (uid) => read('passwd', uid), group: (gid) => read('group', gid) };
}

const TIMEOUT_MS = 5000;

function ask(database: 'passwd' | 'group', key: string): string[] {
  const { status, stdout } = spawnSync('getent', [database, '--', key], {
    encoding: 'utf8',
    env: CHILD_ENV,
    timeout: TIMEOUT_MS,
  });
  return status === 0 ? (stdout.split('\n', 1)[0] ?? '').split(':') : [];
}
