import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  checkMemoryPlan,
  type ProjectMemory,
} from '../../../../src/commands/check/findings/memory-plan.ts';
import {
  checkMemoryGroups,
  type GroupedMemory,
} from '../../../../src/commands/check/findings/memory-groups.ts';
import { checkReach, type Reach } from '../../../../src/commands/check/findings/reach.ts';
import { checkDisks } from '../../../../src/commands/check/findings/disk.ts';
import { checkInterval, checkPace } from '../../../../src/commands/check/findings/timer.ts';
import type { MetricPolicy, Policy, Step } from '../../../../src/model/types.ts';
import { metricPolicy } from '../../../decide/series.ts';

describe('memory of the control groups', () => {
  const web: GroupedMemory = {
    ...{ project: 'web', maxWorkers: 8, running: 2, workerMb: 60, memoryMb: 120 },
    ...{ groups: [], oomKills: 0 },
  };
  const group = { group: '/web', what: 'MemoryMax', limit_mb: 300, used_mb: 130 } as const;

  test('max_workers does not fit into the limit: how many do', () => {
    const [found, ...others] = checkMemoryGroups([{ ...web, groups: [group] }]);
    assert.deepEqual(others, []);
    assert.equal(found?.code, 'memory_beyond_group');
    assert.match(
      found.evidence,
      /MemoryMax of \/web is 300 MB, of which 130 MB is in use; at 60 MB per worker it has room for 4 workers, but max_workers is 8/,
    );
    assert.match(found.remedy ?? '', /lower max_workers to 4, or raise MemoryMax= of \/web/);
  });

  test('what fits exactly fits; without a cost or a limit nothing is said', () => {
    const fits = { ...web, maxWorkers: 4, groups: [{ ...group, used_mb: 180 }] };
    assert.deepEqual(
      checkMemoryGroups([fits, { ...web, workerMb: null, groups: [group] }, web]),
      [],
    );
  });

  test('processes that the kernel has ended are named', () => {
    const [found] = checkMemoryGroups([{ ...web, oomKills: 3 }]);
    assert.match(found?.evidence ?? '', /the OOM killer has ended 3 of its processes/);
  });
});

describe('memory of all projects at max_workers', () => {
  const one = (maxWorkers: number, running: number, workerMb: number | null): ProjectMemory => ({
    ...{ project: 'p', maxWorkers, running, workerMb },
  });
  const CASES: [string, ProjectMemory[], number | null, number, [string, string | RegExp][]][] = [
    [
      'it fits',
      [one(4, 2, 256)],
      8192,
      4096,
      [['memory_plan', 'all projects at max_workers need 1.0 GB, the host has 8.0 GB']],
    ],
    ['exactly all of it fits', [one(4, 4, 1024)], 4096, 0, [['memory_plan', /4\.0 GB/]]],
    [
      'more than the host has',
      [one(10, 2, 512), one(8, 1, 525)],
      8192,
      4096,
      [['memory_beyond_host', 'all projects at max_workers need 9.1 GB, the host has 8.0 GB']],
    ],
    [
      'more than is left',
      [one(10, 2, 512)],
      8192,
      2048,
      [['memory_beyond_available', /4\.0 GB more than now; 2\.0 GB are available/]],
    ],
    [
      'a worker of unknown cost is told, the others count',
      [one(2, 0, null), one(2, 2, 512)],
      8192,
      2048,
      [
        ['memory_unknown', /is unknown/],
        ['memory_plan', /1\.0 GB/],
      ],
    ],
    ['a host that cannot be measured', [one(2, 2, 512)], null, 2048, []],
    [
      'more than max run already: nothing is added',
      [one(2, 4, 512)],
      8192,
      0,
      [['memory_plan', /1\.0 GB/]],
    ],
  ];
  for (const [title, projects, totalMb, availableMb, expected] of CASES) {
    test(title, () => {
      const found = checkMemoryPlan(projects, { totalMb, availableMb });
      assert.deepEqual(
        found.map(({ code }) => code),
        expected.map(([code]) => code),
      );
      for (const [index, [, evidence]] of expected.entries()) {
        if (typeof evidence === 'string') assert.equal(found[index]?.evidence, evidence);
        else assert.match(found[index]?.evidence ?? '', evidence);
      }
    });
  }
});

describe('thresholds that can never act', () => {
  const step = (workers: number, threshold: number): Step => ({ workers, threshold });
  const policy = (up: Step[], down: Step[], minWorkers = 1, maxWorkers = 2): Policy => ({
    ...{ project: 'p', service: 'p.service', minWorkers, maxWorkers, memoryThresholdMb: null },
    metrics: [{ metric: 'cpu', up, down, upMs: 0, downMs: 0 }],
  });
  const CASES: [string, Policy, number, string[]][] = [
    ['equal limits', policy([step(2, 60)], [step(1, 20)], 2, 2), 1, ['limits_equal']],
    ['only up', policy([step(2, 60)], []), 1, ['one_way']],
    ['only down', policy([], [step(1, 20)]), 1, ['one_way']],
    [
      'one worker of four processors makes 25 %',
      policy([step(2, 60)], [step(1, 5)]),
      4,
      ['up_out_of_reach'],
    ],
    ['one worker of two processors makes 50 %', policy([step(2, 49)], [step(1, 5)]), 2, []],
    [
      'a value equal to what can be reached is not above it',
      policy([step(2, 50)], [step(1, 5)]),
      2,
      ['up_out_of_reach'],
    ],
    [
      'never fewer than min_workers, so they count',
      policy([step(4, 70)], [step(3, 5)], 3, 4),
      4,
      [],
    ],
    [
      'a single threshold out of reach is told where another one leads on',
      policy([step(2, 20), step(3, 60), step(4, 70)], [step(1, 5)], 1, 4),
      4,
      ['up_out_of_reach'],
    ],
    [
      'where each number has one in reach, the others are only told',
      policy([step(2, 60), step(4, 20)], [step(1, 5)], 1, 4),
      4,
      ['cpu_out_of_reach'],
    ],
    [
      'no threshold leads to the most',
      policy([step(2, 20)], [step(1, 5)], 1, 4),
      4,
      ['max_out_of_reach'],
    ],
  ];
  for (const [title, given, cores, codes] of CASES) {
    test(title, () => {
      const found = checkReach({ policy: given, kind: 'gunicorn', cores });
      assert.deepEqual(
        found.map(({ code }) => code),
        codes,
      );
    });
  }
});

describe('what the own load of a service reaches', () => {
  /** From 1 to 4 workers on 2 processors unless told otherwise. */
  const find = (
    metrics: MetricPolicy[],
    more: Partial<Reach> & { min?: number; max?: number; share?: number } = {},
  ): string[] => {
    const { min = 1, max = 4, share = null, ...rest } = more;
    const given: Policy = {
      ...{ project: 'p', service: 'p.service', minWorkers: min, maxWorkers: max, metrics },
      ...{ memoryThresholdMb: null, minOwnCpuShare: share },
    };
    const found = checkReach({ policy: given, kind: 'gunicorn', cores: 2, ...rest });
    return found.map(({ severity, evidence, remedy }) => `${severity}: ${evidence} → ${remedy}`);
  };
  const down = (steps: string, metric: MetricPolicy['metric'] = 'cpu') =>
    metricPolicy(metric, steps);

  test('the first day of a host with two processors: from 1 worker nothing leads up', () => {
    assert.deepEqual(find([down('3>60 1<30')], { max: 3 }), [
      'warning: with 1 worker it cannot grow by its own load: scale_up_3 needs cpu above 60 %, and 1 worker makes at most 50 % of 2 processors busy → set scale_up_3 of cpu below 50, or use a metric that its own load can always reach: "busy_thresholds": { "scale_up_3": 75 }, or raise min_workers to 2',
    ]);
  });
  test('several numbers of workers are told as one', () => {
    const [found, ...rest] = find([down('2>60 4>80 1<20')], { cores: 8 });
    assert.deepEqual(rest, []);
    assert.match(found ?? '', /^warning: with 1 to 3 workers it cannot grow/);
    assert.match(found ?? '', /3 workers make at most 37\.5 % of 8 processors busy/);
    // what is set has to be in reach of the fewest
    assert.match(found ?? '', /set scale_up_4 of cpu below 12,/);
  });
  test('a metric that is always in reach makes up for one that is not', () => {
    const cpu = down('4>99 1<20');
    for (const metric of ['busy', 'backlog', 'io_pressure'] as const) {
      assert.deepEqual(find([down('4>80', metric), cpu], { cores: 8 }).slice(1), []);
    }
    for (const metric of ['queue', 'load', 'drain_time', 'queue+running'] as const) {
      const found = find([down('4>1000 1<1', metric)], { kind: 'celery', cores: 8 });
      assert.deepEqual(found, []);
    }
  });
  test('the CPU of the service: more workers than processors share them', () => {
    assert.deepEqual(find([down('4>66 1<10', 'service_cpu')]), []);
    const [found, ...rest] = find([down('4>70 1<10', 'service_cpu')]);
    assert.match(
      found ?? '',
      /^warning: with 3 workers .* 3 workers on 2 processors compute at most 66\.7 % each/,
    );
    assert.deepEqual(rest, []);
  });
  test('busyness is never known of workers that serve many requests at once', () => {
    const busy = down('4>80 1<20', 'busy');
    assert.deepEqual(find([busy]), []);
    const [found] = find([busy], { workerClass: 'async' });
    assert.match(found ?? '', /with 1 to 3 workers .* never known of workers that serve many/);
    assert.match(found ?? '', /"backlog_thresholds": \{ "scale_up_4": 5 \}/);
  });
  test('no process waits for a processor while there is one for each', () => {
    const pressure = down('4>20 1<5', 'cpu_pressure');
    const [found, ...rest] = find([pressure]);
    assert.match(found ?? '', /with 1 to 2 workers .* with 2 workers on 2 processors none waits/);
    assert.deepEqual(rest, []);
  });
  test('a share that it cannot have, however busy others are', () => {
    const [found] = find([down('2>90 1<20')], { max: 2, cores: 4, share: 50 });
    assert.match(found ?? '', /its share is below 27\.8 %, but min_own_cpu_share requires 50 %/);
    const [lower] = find([down('2>90 1<20')], { max: 2, cores: 4, share: 10 });
    assert.doesNotMatch(lower ?? '', /min_own_cpu_share/);
  });
  test('a quota leaves fewer processors than the host has', () => {
    const steps = [down('4>30 1<10')];
    assert.deepEqual(find(steps, { min: 2, cores: 4 }), []);
    assert.match(find(steps, { min: 2, cores: 4, usableCores: 1 })[0] ?? '', /at most 25 % of 4/);
  });
});

describe('the interval of the timer', () => {
  const INTERVALS: [number, number, string[]][] = [
    [120, 120, []],
    [60, 120, ['interval_differs']],
    [300, 120, ['interval_differs']],
    [301, 120, ['interval_too_long']],
  ];
  for (const [timer, config, codes] of INTERVALS) {
    test(`every ${timer} s where the config says ${config}`, () => {
      assert.deepEqual(
        checkInterval(timer, config).map(({ code }) => code),
        codes,
      );
    });
  }
});

describe('what a shorter interval gives', () => {
  test('is said where there is one, with what was measured where there are queues', () => {
    assert.deepEqual(checkPace(30, true), []);
    const [web] = checkPace(120, false);
    assert.match(
      web?.evidence ?? '',
      /^a run comes every 120 s, .* up to 120 s after its duration$/,
    );
    assert.equal(web?.remedy, 'sooner: sudo autoscaler timer --every 30s');
    const [tasks] = checkPace(120, true);
    assert.match(
      tasks?.evidence ?? '',
      /12\.5 % of the tasks .* 2 minutes .*, and 0\.26 % with one every 30 s/,
    );
    assert.equal(tasks?.severity, 'info');
  });
});

describe('the disk below state, backups and log', () => {
  const CASES: [
    title: string,
    freeMb: number,
    freeFiles: number | null,
    code: string,
    text: RegExp,
  ][] = [
    [
      'has room',
      5000,
      9000,
      'disk_space',
      /^4\.9 GB free for \/var\/lib\/autoscaler, \/var\/log\/a$/,
    ],
    ['exactly enough is enough', 100, null, 'disk_space', /^100 MB free/],
    ['has little', 99.9, 9000, 'disk_low', /^99 MB free/],
    ['is full', 4.9, 9000, 'disk_full', /^4 MB free/],
    ['can hold no more files', 5000, 7, 'disk_full', /room for 7 more files$/],
    ['that does not count files', 5000, null, 'disk_space', /a$/],
  ];
  for (const [title, freeMb, freeFiles, code, text] of CASES) {
    test(title, () => {
      const paths = ['/var/lib/autoscaler', '/var/log/a'];
      const [finding] = checkDisks([{ paths, freeMb, freeFiles }]);
      assert.equal(finding?.code, code);
      assert.match(finding.evidence, text);
      assert.equal(finding.remedy === null, code === 'disk_space');
    });
  }
});
