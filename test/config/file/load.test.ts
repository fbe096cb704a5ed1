import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EXIT, UserError } from '../../../src/errors.ts';
import { formatFault } from '../../../src/config/file/fault.ts';
import { loadConfigFile } from '../../../src/config/file/load.ts';
import { findConfigPath } from '../../../src/config/file/read.ts';
import { globalSchema, projectSchema } from '../../../src/config/schema/schema.ts';
import { LEGACY } from './legacy.ts';
import { withShop, writeConfig } from '../write-config.ts';

const EXAMPLE = fileURLToPath(new URL('../../../config/autoscaler.example.jsonc', import.meta.url));
const NAMES = ['backregisters', 'backdipro', 'backglobal', 'backbce', 'backcore', 'celerycore'];
const SHOP = withShop(['"max_workers": 2', '"cpu_thresholds": { "scale_up_2": 60 }']);

describe('configs that load', () => {
  test('the example, without a warning', async () => {
    const { config, warnings } = await loadConfigFile(EXAMPLE);
    assert.deepEqual(Object.keys(config.projects), NAMES);
    assert.deepEqual(warnings, []);
  });

  test('the example shows each key, in a comment at least', () => {
    const text = readFileSync(EXAMPLE, 'utf8');
    const keys = [projectSchema, globalSchema].flatMap((each) => Object.keys(each._zod.def.shape));
    const missing = keys.filter((key) => !text.includes(`"${key}"`));
    assert.deepEqual(missing, []);
  });

  test('the form of before, unchanged; of the state_file it says that it is not used', async () => {
    const path = writeConfig(LEGACY);
    const { config, warnings } = await loadConfigFile(path);
    assert.deepEqual(Object.keys(config.projects), NAMES);
    assert.equal(config.projects['celerycore']?.broker_url, 'redis://localhost:6379/0');
    assert.deepEqual(warnings.map(formatFault), [
      `${path}:66:99: global.state_file: not used; anyone may write to /tmp, so what is there cannot be trusted; the history is in /var/lib/autoscaler (state_dir)`,
    ]);
  });

  test('what is left out has its default', async () => {
    const { config } = await loadConfigFile(writeConfig(SHOP));
    assert.deepEqual(config, {
      projects: {
        shop: {
          enabled: true,
          service_name: 'shop.service',
          min_workers: 1,
          max_workers: 2,
          cpu_thresholds: { scale_up_2: 60 },
          cpu_duration_minutes: { scale_up: 2, scale_down: 10 },
          queue_duration_minutes: { scale_up: 2, scale_down: 10 },
          max_memory_pressure: 10,
          memory_scale_down: false,
          pressure_of: 'service',
          service_cpu_duration_minutes: { scale_up: 2, scale_down: 10 },
          pressure_duration_minutes: { scale_up: 2, scale_down: 10 },
          drain_time_duration_minutes: { scale_up: 2, scale_down: 10 },
          busy_duration_minutes: { scale_up: 2, scale_down: 10 },
          backlog_duration_minutes: { scale_up: 2, scale_down: 10 },
          queue_metric: 'ready',
          queues: ['celery'],
          warmup_seconds: 0,
          cooldown_minutes: 0,
          adaptive_scale_down: false,
          apply: 'restart',
        },
      },
      global: {
        check_interval_seconds: 120,
        state_dir: '/var/lib/autoscaler',
        backup_dir: '/var/backups/autoscaler',
        apply: 'restart',
        edit: 'in-place',
      },
    });
  });

  test('a byte order mark, CRLF and a $schema key do no harm', async () => {
    const text = SHOP.replace('{', '{\n"$schema": "./autoscaler.schema.json",');
    const { config } = await loadConfigFile(writeConfig(`\ufeff${text.replaceAll('\n', '\r\n')}`));
    assert.equal(config.projects['shop']?.max_workers, 2);
  });

  test('the apply mode of a project is its own or that of all', async () => {
    const text = `{ "global": { "apply": "live" }, "projects": {
      "a": { "max_workers": 2, "cpu_thresholds": { "scale_up_2": 1 } },
      "b": { "max_workers": 2, "cpu_thresholds": { "scale_up_2": 1 }, "apply": "live-only" } } }`;
    const { config } = await loadConfigFile(writeConfig(text));
    assert.deepEqual(
      Object.values(config.projects).map(({ apply }) => apply),
      ['live', 'live-only'],
    );
  });
});

describe('files that are no config', () => {
  const refuse = async (path: string, code: number, message: RegExp): Promise<string> => {
    const error = await loadConfigFile(path).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.exitCode, code);
    assert.match(error.message, message);
    return error.hint ?? '';
  };

  test('one that is not there: 78, where it was looked for, how to create one', async () => {
    const path = join(dirname(writeConfig('')), 'none.json');
    const hint = await refuse(path, EXIT.config, /none\.json: no config here$/);
    assert.match(hint, /--config FILE, \$AUTOSCALER_CONFIG, \/etc\/autoscaler\/config\.json/);
    assert.match(hint, /\nCreate one: sudo install .* \S+none\.json$/);
  });

  test('one below a file: the same', async () => {
    await refuse(join(writeConfig(''), 'config.json'), EXIT.config, /no config here$/);
  });

  test('one that may not be read: 77', async () => {
    const path = writeConfig(SHOP);
    chmodSync(path, 0o000);
    // root may read everything
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.('nobody');
    try {
      await refuse(path, EXIT.permission, /\.json: no permission to read the config$/);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  test('a folder: 78', async () => {
    await refuse(dirname(writeConfig('')), EXIT.config, /expected a config file, found a folder$/);
  });

  test('a pipe that nobody writes to: 78, at once', async () => {
    const path = join(dirname(writeConfig('')), 'pipe');
    execFileSync('mkfifo', [path]);
    await refuse(path, EXIT.config, /found a special file$/);
  });

  test('one of more than 1 MiB: 78', async () => {
    await refuse(
      writeConfig(' '.repeat(1_048_577)),
      EXIT.config,
      /expected a config of at most 1 MiB, found 1048577 bytes$/,
    );
  });

  test('one that others may write: 78 for root, whom they would command', async () => {
    const path = writeConfig(SHOP);
    chmodSync(path, 0o666);
    if (process.geteuid?.() === 0) {
      const hint = await refuse(
        path,
        EXIT.config,
        /not trusted: users other than root may write to it/,
      );
      assert.match(hint, /chmod go-w \S+\.json$/);
    } else await assert.doesNotReject(loadConfigFile(path));
  });

  test('a link over a link in a folder that anyone may write to: 78 for root', async () => {
    const open = join(dirname(writeConfig('')), 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    symlinkSync(writeConfig(SHOP), join(open, 'second.json'));
    const first = join(dirname(open), 'first.json');
    symlinkSync('open/second.json', first);
    if (process.geteuid?.() === 0) {
      await refuse(
        first,
        EXIT.config,
        /users other than root may write to its folder \S+\/open \(/,
      );
    } else await assert.doesNotReject(loadConfigFile(first));
  });

  test('a link to itself: 78', async () => {
    const path = join(dirname(writeConfig('')), 'loop.json');
    symlinkSync(path, path);
    await refuse(path, EXIT.config, /cannot be read: ELOOP$/);
  });
});

describe('where the config is looked for', () => {
  const rows: [
    name: string,
    option: string | undefined,
    variable: string | undefined,
    path: string,
  ][] = [
    ['--config comes first', '/a.json', '/b.json', '/a.json'],
    ['then AUTOSCALER_CONFIG', undefined, '/b.json', '/b.json'],
    ['an empty AUTOSCALER_CONFIG is none', undefined, '', '/etc/autoscaler/config.json'],
    ['then the folder of the system', undefined, undefined, '/etc/autoscaler/config.json'],
  ];
  for (const [name, option, variable, path] of rows) {
    test(name, () => {
      const env = variable === undefined ? {} : { AUTOSCALER_CONFIG: variable };
      assert.equal(findConfigPath(option, env), path);
    });
  }
});
