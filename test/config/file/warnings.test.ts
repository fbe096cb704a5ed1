import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatFault } from '../../../src/config/file/fault.ts';
import { loadConfigFile } from '../../../src/config/file/load.ts';
import { withShop, writeConfig } from '../write-config.ts';

const shop = (cpu: string, ...lines: string[]): string =>
  withShop(['"max_workers": 4', `"cpu_thresholds": { ${cpu} }`, ...lines]);
const queue = (thresholds: string): string =>
  withShop([
    '"max_workers": 4',
    `"queue_thresholds": { ${thresholds} }`,
    '"redis_url": "redis://h"',
  ]);
const withGlobal = (line: string): string =>
  shop('"scale_up_2": 60').replace(/}$/, `"global": { ${line} } }`);
const stateFile = (path: string): string => withGlobal(`"state_file": "${path}"`);

/** A config that loads, and all that is odd about it: `KEY: …`. */
const ROWS: [name: string, text: string, warnings: string[]][] = [
  ['nothing is odd', shop('"scale_up_2": 60, "scale_up_3": 70, "scale_down_1": 30'), []],
  [
    'a share that no threshold asks for',
    shop('"scale_down_1": 30', '"min_own_cpu_share": 10'),
    [
      'projects.shop.min_own_cpu_share: never used; it applies to "scale_up_N" of "cpu_thresholds", and there is none',
    ],
  ],
  [
    'more workers when memory is short',
    withShop(['"max_workers": 4', '"memory_pressure_thresholds": { "scale_up_2": 10 }']),
    [
      'scale_up_2: more workers when memory is short; they would need even more memory; what protects memory is "memory_threshold_mb"',
    ],
  ],
  [
    'a pressure beyond what there can be',
    withShop(['"max_workers": 4', '"io_pressure_thresholds": { "scale_up_2": 100 }']),
    ['scale_up_2: never used; a pressure is never above 100 percent'],
  ],
  [
    'up equal to down leaves no room between',
    shop('"scale_up_2": 60, "scale_down_1": 60'),
    [
      'scale_up_2: the same threshold as scale_down_1; leave a gap between them, or the number will keep going up and down',
    ],
  ],
  [
    'down to less than min_workers leads to min_workers',
    shop('"scale_up_3": 60, "scale_down_1": 30', '"min_workers": 2'),
    [
      'scale_down_1: fewer than min_workers (2); it leads to 2; lower min_workers, or name it "scale_down_2"',
    ],
  ],
  [
    'down to more than up leads to: the two meet, nothing is odd',
    shop('"scale_up_2": 50, "scale_down_3": 70'),
    [],
  ],
  [
    'up thresholds that do not rise with N make the lower N unreachable',
    shop('"scale_up_2": 70, "scale_up_3": 60'),
    ['scale_up_2: never used; whenever it is satisfied, scale_up_3 (60) is too'],
  ],
  [
    'equal up thresholds too',
    shop('"scale_up_2": 70, "scale_up_3": 70'),
    ['scale_up_2: never used; whenever it is satisfied, scale_up_3 (70) is too'],
  ],
  [
    'down thresholds that do not fall with N make the higher N unreachable',
    shop('"scale_down_2": 30, "scale_down_1": 40'),
    ['scale_down_2: never used; whenever it is satisfied, scale_down_1 (40) is too'],
  ],
  [
    'up to no more than min_workers',
    shop('"scale_up_2": 50, "scale_up_3": 60', '"min_workers": 2'),
    ['scale_up_2: never used; there are never fewer than 2 workers (min_workers)'],
  ],
  [
    'down to no fewer than max_workers',
    shop('"scale_down_4": 50, "scale_down_1": 30'),
    ['scale_down_4: never used; there are never more than 4 workers (max_workers)'],
  ],
  [
    'cpu above 100 percent is never reached',
    shop('"scale_up_2": 100'),
    ['scale_up_2: never used; the CPU is never above 100 percent'],
  ],
  [
    'cpu below 0 percent is never reached',
    shop('"scale_down_2": 0'),
    ['scale_down_2: never used; the CPU is never below 0 percent'],
  ],
  [
    'a queue below 0 is never reached: the hint says how an empty one is written',
    queue('"scale_down_2": 0'),
    ['scale_down_2: never used; no queue is below 0: an empty one is below 1'],
  ],
  ['a queue above 100 is nothing odd', queue('"scale_up_2": 100'), []],
  ['no project', '{ "projects": {} }', ['projects: no project: nothing is scaled']],
  ...['/var/tmp/a/state.json', '/dev/shm/state.json'].map((path): (typeof ROWS)[number] => [
    `a state file at ${path}, where anyone may write`,
    stateFile(path),
    [
      `global.state_file: not used; anyone may write to ${/^\/\w+\/\w+/.exec(path)?.[0]}, so what is there cannot be trusted; the history is in /var/lib/autoscaler (state_dir)`,
    ],
  ]),
  [
    'a state file elsewhere',
    stateFile('/tmpfiles/state.json'),
    ['global.state_file: not used; remove it; the history is in /var/lib/autoscaler (state_dir)'],
  ],
  [
    'places of ours where anyone may write',
    withGlobal('"log_file": "/tmp/a.log", "state_dir": "/var/tmp/a", "backup_dir": "/dev/shm"'),
    [
      'global.log_file: anyone may write to /tmp; others may put files and links there before we do; the usual place is /var/log/autoscaler.log',
      'global.state_dir: anyone may write to /var/tmp; others may put files and links there before we do; the usual place is /var/lib/autoscaler',
      'global.backup_dir: anyone may write to /dev/shm; others may put files and links there before we do; the usual place is /var/backups/autoscaler',
    ],
  ],
];

describe('warnings', () => {
  for (const [name, text, warnings] of ROWS) {
    test(name, async () => {
      const path = writeConfig(text);
      const found = (await loadConfigFile(path)).warnings.map(formatFault);
      const short = /^.*?:\d+:\d+: (projects\.shop\.\w+\.)?/;
      assert.deepEqual(
        found.map((line) => line.replace(short, '')),
        warnings,
      );
    });
  }
});
