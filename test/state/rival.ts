import { spawn, type ChildProcess } from 'node:child_process';

/** A second process that has tried to take a lock. */
export interface Rival {
  child: ChildProcess;
  /** what it wrote: `held`, or `busy` where somebody else has the lock, or the message of an error */
  answer: Promise<string>;
  ended: Promise<number | null>;
}

/**
 * Starts a process that takes the lock at `path` and keeps it until its standard input ends. `before`, `after`: lines of
 * TypeScript around that.
 */
export function startRival(path: string, { before = '', after = '', uid = 0 } = {}): Rival {
  const script = `
    import { spawn, spawnSync } from 'node:child_process';
    import { acquireLock } from './src/state/lock.ts';
    ${before}
    let answer;
    try {
      answer = acquireLock(${JSON.stringify(path)}) === null ? 'busy' : 'held';
    } catch (error) {
      answer = \`\${error.exitCode}: \${error.message}\`;
    }
    ${after}
    console.log(answer);
    process.stdin.resume();`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(uid === 0 ? {} : { uid, gid: uid, env: { ...process.env, HOME: '/nonexistent' } }),
  });
  const ended = new Promise<number | null>((done) => child.once('exit', done));
  const answer = new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
    child.once('close', () => reject(new Error('it ended without an answer')));
  });
  return { child, answer, ended };
}
