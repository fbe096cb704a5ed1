import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHECKOUT } from '../../test/lab/lab.ts';
import { celeryUnit, gunicornUnit } from '../../test/lab/services.ts';
import { say, title } from './say.ts';

/** Answers `systemctl show UNIT…` for the sample units, which systemd does not know. */
const SYSTEMCTL = `#!/bin/sh
here=$(dirname "$0")
for unit; do
  case $unit in *.service) ;; *) continue ;; esac
  [ -e "$here/$unit" ] || continue
  printf '%s\\n' "Id=$unit" LoadState=loaded ActiveState=active SubState=running UnitFileState=enabled \\
    Type=simple MainPID=0 "FragmentPath=$here/$unit" NRestarts=0 NeedDaemonReload=no ''
done
`;

/**
 * The demo where no host can be booted: one dry run with this machine's own CPU and memory on sample
 * units in a scratch folder, which is removed afterwards. Only systemd is stood in for.
 */
export function showDryRun(): void {
  title(
    'Dry run instead: this machine as it is, sample units in a scratch folder, nothing changed',
  );
  const folder = mkdtempSync(join(tmpdir(), 'autoscaler-demo-'));
  try {
    writeFileSync(join(folder, 'systemctl'), SYSTEMCTL, { mode: 0o755 });
    writeFileSync(join(folder, 'web.service'), gunicornUnit());
    writeFileSync(join(folder, 'jobs.service'), celeryUnit({ count: '--concurrency=6' }));
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config(folder)));
    mkdirSync(join(folder, 'state'));
    const main = join(CHECKOUT, 'dist/main.js');
    const args = [main, '--config', join(folder, 'config.json'), 'run', '--dry-run'];
    // the log warns of a state folder under /tmp, rightly, and nobody here could heed it
    const { status, stderr } = spawnSync(process.execPath, args, {
      env: { ...process.env, PATH: `${folder}:${process.env['PATH']}` },
      stdio: ['ignore', 'inherit', 'pipe'],
      encoding: 'utf8',
    });
    if (status !== 0) process.stderr.write(stderr);
    process.stdout.write('\n');
    say(
      status === 0
        ? 'Nothing was changed: these are the edits that a run would have made. The scratch folder is gone.'
        : `The dry run ended with exit code ${status ?? 'none'}.`,
    );
    process.exitCode = status ?? 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function config(folder: string): object {
  const cpu_thresholds = { scale_up_4: 80, scale_down_3: 30 };
  const common = { cpu_thresholds, cpu_duration_minutes: 2, memory_threshold_mb: 200 };
  return {
    projects: {
      web: { ...common, min_workers: 3, max_workers: 8 },
      jobs: { ...common, min_workers: 1, max_workers: 4 },
    },
    global: { state_dir: join(folder, 'state'), backup_dir: join(folder, 'backups') },
  };
}
