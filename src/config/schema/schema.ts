// the namespace import lets the bundler drop what is not used: `{ z }` would keep all of zod
import * as z from 'zod/mini';
import { KIND_NAMES } from '../../kinds/registry.ts';
import { APPLY_MODES, type ApplyMode } from '../../model/change.ts';
import { BRAKE_KEYS } from './brake-keys.ts';
import { broker, sslOptionsSchema, transportOptionsSchema } from './broker-schema.ts';
import { METRIC_KEYS } from './metric-keys.ts';
import { RESOURCE_KEYS } from './resource-keys.ts';
import { SCHEDULE_KEYS } from './schedule-keys.ts';
import { absolutePath, choice, legacy, text } from './schema-parts.ts';
import { WATCHING_KEYS } from './watching-keys.ts';
import { example, flag, LONGEST_MINUTES, number, workers } from './values.ts';

const apply = (description: string) => choice(description, APPLY_MODES);

const edit = (description: string) => choice(description, ['in-place', 'drop-in']);

const drainTimeout = (whatElse: string) =>
  z.optional(
    number(
      `minutes, a number from 0 to ${LONGEST_MINUTES}; fractions are allowed`,
      0,
      LONGEST_MINUTES,
    ).check(
      z.describe(
        `How many minutes a change waits for the running tasks of a Celery worker before it is rolled back. No task is ever killed for it. ${whatElse}`,
      ),
      example(30),
    ),
  );

/** A project as it may be written. */
export const projectSchema = z
  .strictObject(
    {
      enabled: z._default(
        flag(
          'false: the project is left alone entirely. autoscaler enable and autoscaler disable set it.',
        ),
        true,
      ),
      service_name: z.optional(
        text(
          'The systemd unit; ".service" may be left out. Default: the name of the project.',
          'a unit name such as "shop.service": letters, digits and : _ . @ \\ -, no "-" at the start',
          // systemd.unit(5): what a unit name may consist of. An own limit is the "-": it would look like an option
          /^[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]*$/,
        ).check(example('shop.service')),
      ),
      kind: z.optional(
        choice(
          'What the unit runs, if its ExecStart does not show it, such as "/srv/shop/bin/worker -c 2". The arguments after the program are then read as options of gunicorn or of celery worker, and the main process of the unit is the master. Default: detected from ExecStart.',
          KIND_NAMES,
        ).check(example('celery')),
      ),
      min_workers: z._default(
        workers(
          'The fewest workers. A number outside min_workers and max_workers is corrected at once.',
        ).check(example(2)),
        1,
      ),
      max_workers: workers('The most workers.').check(example(8)),
      ...METRIC_KEYS,
      broker_url: broker(
        'The URL of the broker that holds the Celery queues, as in Celery; brokers.md lists the forms.',
      ),
      redis_url: broker('The older name of broker_url.'),
      queues: z._default(
        z
          .array(text('A queue.', 'the name of a queue', /^[^\0-\x1f]+$/), {
            error: 'a list of queue names, such as ["celery"]',
          })
          .check(
            z.minLength(1, { error: 'a list with at least one queue name' }),
            z.describe('The Celery queues whose tasks are added up, with all priorities.'),
            example(['celery', 'mail']),
          ),
        ['celery'],
      ),
      queue_metric: z._default(
        choice(
          'What queue_thresholds compare: "ready" the waiting tasks, "ready+running" also those that the service is running, "load" both per worker in percent, "ready+unacked" (Redis) the waiting ones and all that are handed out.',
          ['ready', 'ready+running', 'load', 'ready+unacked'],
        ),
        'ready',
      ),
      broker_transport_options: z.optional(
        transportOptionsSchema.check(
          z.describe('As in Celery: options for Sentinel, and for other key names in Redis.'),
          example({ master_name: 'mymaster' }),
        ),
      ),
      broker_use_ssl: z.optional(
        z
          .union([flag('true: TLS with its defaults.'), sslOptionsSchema], {
            error:
              'true, false or options in braces, such as { "ssl_ca_certs": "/etc/ssl/ca.pem" }',
          })
          .check(
            z.describe(
              'As in Celery: TLS to the broker; true or options. Default: what the URL says.',
            ),
            example({ ssl_ca_certs: '/etc/ssl/redis-ca.pem' }),
          ),
      ),
      memory_threshold_mb: z.optional(
        number('MB, a number from 0', 0, Number.MAX_SAFE_INTEGER).check(
          z.describe(
            'How much memory of the host must remain available after a change, in MB. Default: no limit.',
          ),
          example(1000),
        ),
      ),
      apply: z.optional(
        apply('How a new number takes effect; see apply in global. Default: that of global.').check(
          example('live'),
        ),
      ),
      edit: z.optional(
        edit('Which files a change may edit; see edit in global. Default: that of global.').check(
          example('drop-in'),
        ),
      ),
      drain_timeout_minutes: drainTimeout('Default: that of global.'),
      boot_timeout_seconds: z.optional(
        number('seconds, a number from 1 to 3600', 1, 3600).check(
          z.describe(
            'How long a worker may take to load the application before a change is rolled back. Default: --timeout of Gunicorn, at least 120 and at most 300.',
          ),
          example(180),
        ),
      ),
      ...RESOURCE_KEYS,
      ...SCHEDULE_KEYS,
      ...BRAKE_KEYS,
      current_workers: legacy('Accepted, not used: the unit file says how many workers there are.'),
      socket_path: legacy('Accepted, not used.'),
      working_dir: legacy('Accepted, not used.'),
      venv_path: legacy('Accepted, not used.'),
      wsgi_module: legacy('Accepted, not used.'),
      extra_args: legacy('Accepted, not used.'),
    },
    { error: 'the settings of a project in braces' },
  )
  .check(z.describe('A service, and when to change its number of workers.'));

/** The part `global` as it may be written. */
export const globalSchema = z
  .strictObject(
    {
      check_interval_seconds: z._default(
        number('seconds, a number from 1 to 86400', 1, 86_400).check(
          z.describe(
            'How often the timer fires; this decides what counts as a gap in the samples. Best left out: then the interval of the timer counts, and autoscaler timer --every changes both. Default: the interval of the timer, 120 as installed.',
          ),
          example(30),
        ),
        120,
      ),
      log_file: z.optional(
        absolutePath(
          'A log file in addition to the journal. Default: only the journal.',
          '/var/log/autoscaler.log',
        ),
      ),
      state_dir: z._default(
        absolutePath('Where the history is kept.', '/var/lib/autoscaler'),
        '/var/lib/autoscaler',
      ),
      backup_dir: z._default(
        absolutePath(
          'Where files are backed up before they are changed.',
          '/var/backups/autoscaler',
        ),
        '/var/backups/autoscaler',
      ),
      ...WATCHING_KEYS,
      state_file: legacy('Accepted, not used: the history is in state_dir.'),
      apply: z._default(
        apply(
          'How a new number takes effect: "live" (recommended) changes the running pool without a restart, and restarts the service if that is impossible; "live-only" never restarts; "restart" always does.',
        ),
        'restart',
      ),
      edit: z._default(
        edit(
          'Which files a change may edit: "in-place" the file of the unit that has the number, "drop-in" only a drop-in of our own, for units that Ansible, Puppet or a package writes.',
        ),
        'in-place',
      ),
      drain_timeout_minutes: drainTimeout('Default: wait as long as they take.'),
    },
    { error: 'the settings of all projects in braces' },
  )
  .check(z.describe('Settings for all projects.'));

/** The whole config as it is written. Each message is what is expected at that place. */
export const configSchema = z.strictObject(
  {
    $schema: z.optional(
      z.unknown().check(z.describe('For editors: the location of the JSON Schema.')),
    ),
    projects: z
      .record(
        z.string().check(z.regex(/^[^\s\p{Cc}-](?:[^\p{Cc}]*[^\s\p{Cc}])?$/u)),
        projectSchema,
        { error: 'the projects in braces, by name' },
      )
      .check(z.describe('The projects, by name.')),
    global: z.prefault(globalSchema, {}),
  },
  { error: 'the config in braces, such as { "projects": { … } }' },
);

/** The config as it is written, defaults filled in. */
export type WrittenConfig = z.output<typeof configSchema>;

/** A project as it is written, defaults filled in. */
export type WrittenProject = z.output<typeof projectSchema>;

/** Settings for all projects. */
export type Global = z.output<typeof globalSchema>;

export type EditMode = Global['edit'];

/** Minutes, for both directions or for each. */
export type Duration = WrittenProject['cpu_duration_minutes'];

/** A project with all that its settings leave to the context: the whole name of the unit, the broker, the apply mode. */
export type Project = Omit<WrittenProject, 'service_name' | 'redis_url' | 'apply'> & {
  service_name: string;
  apply: ApplyMode;
};

/** The config as the program uses it. `projects` is in the order of the file (names that are whole numbers first). */
export interface Config {
  projects: Record<string, Project>;
  global: Global;
}
