import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../../src/errors.ts';
import { openTrusted } from '../../../src/host/files/trusted.ts';

const folder = mkdtempSync(join(tmpdir(), 'autoscaler-trusted-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const { O_CREAT, O_RDONLY, O_RDWR, O_WRONLY } = constants;

test('a FIFO in the place of a file of ours is told, and never waited for', () => {
  const path = join(folder, 'history.jsonl');
  execFileSync('mkfifo', ['-m', '600', path]);
  // in a process of its own: one that waits for a writer cannot be interrupted
  const script = `import { openTrusted } from './src/host/files/trusted.ts'; openTrusted('${path}', ${O_RDONLY})`;
  const argv = ['--import', 'tsx', '--input-type=module', '-e', script];
  const options = { cwd: join(import.meta.dirname, '../../..'), timeout: 20_000 };
  assert.throws(
    () => execFileSync(process.execPath, argv, { ...options, stdio: 'pipe' } as const),
    /expected a plain file, found something else/,
  );
  for (const flags of [O_RDONLY, O_RDWR, O_WRONLY | O_CREAT]) {
    assert.throws(
      () => openTrusted(path, flags, 0o600),
      (error) => error instanceof UserError && /expected a plain file/.test(error.message),
      String(flags),
    );
  }
});
