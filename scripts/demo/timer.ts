import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT, type Lab } from '../../test/lab/lab.ts';

/** Where the demo's runs append what they print. */
export const RUNS = '/run/demo-runs.json';

const CONFIG = {
  projects: {
    web: {
      min_workers: 2,
      max_workers: 4,
      cpu_thresholds: { scale_up_3: 70, scale_up_4: 85, scale_down_2: 60 },
      cpu_duration_minutes: 0.1,
      memory_threshold_mb: 100,
    },
    jobs: {
      min_workers: 2,
      max_workers: 8,
      queue_thresholds: { scale_up_4: 10, scale_up_8: 50, scale_down_2: 5 },
      queue_duration_minutes: { scale_up: 0.1, scale_down: 0.1 },
      redis_url: 'redis://127.0.0.1:6379/0',
    },
  },
  global: { check_interval_seconds: 3, apply: 'live' },
};

/** Installs config and the timer and service that are shipped, with drop-ins for the demo's pace. */
export async function installTimer(lab: Lab): Promise<void> {
  await lab.writeFile('/etc/autoscaler/config.json', JSON.stringify(CONFIG, null, 2));
  for (const unit of ['autoscaler.service', 'autoscaler.timer']) {
    const text = readFileSync(join(CHECKOUT, 'systemd', unit), 'utf8');
    await lab.writeFile(`/etc/systemd/system/${unit}`, text);
  }
  const [node, main] = lab.autoscalerArgv;
  await dropIn(lab, 'autoscaler.service', [
    '[Service]',
    'ExecStart=',
    `ExecStart="${node}" "${main}" run --json`,
    `StandardOutput=append:${RUNS}`,
    'StandardError=journal',
  ]);
  await dropIn(lab, 'autoscaler.timer', [
    '[Timer]',
    'OnBootSec=',
    'OnUnitActiveSec=',
    'OnActiveSec=0',
    'OnUnitActiveSec=3s',
    'AccuracySec=50ms',
  ]);
  await lab.ok(
    `: > ${RUNS} && systemctl daemon-reload && systemctl enable --quiet --now autoscaler.timer`,
  );
}

async function dropIn(lab: Lab, unit: string, lines: string[]): Promise<void> {
  await lab.writeFile(`/etc/systemd/system/${unit}.d/demo.conf`, [...lines, ''].join('\n'));
}
