import type { Finding } from '../file/document.ts';
import { quote } from '../file/fault.ts';
import type { WrittenConfig, WrittenProject } from '../schema/schema.ts';
import { unitName } from '../schema/service-name.ts';

/** A rule about the config as a whole. It sees the projects whose `reads` are faultless. */
export interface ConfigRule {
  name: string;
  severity: 'error' | 'warning';
  reads: readonly (keyof WrittenProject)[];
  check: (config: WrittenConfig) => Finding[];
}

// folders in which every user may put a file, and so a link to anywhere, before we do
const OPEN_FOLDER = /^\/(tmp|var\/tmp|dev\/shm|run\/lock|var\/lock|run\/shm)(\/|$)/;

/** The keys of `global` that name places which we write to, and what they usually are. */
const PROPER = {
  log_file: '/var/log/autoscaler.log',
  state_dir: '/var/lib/autoscaler',
  backup_dir: '/var/backups/autoscaler',
} as const;
const OUR_PLACES = ['log_file', 'state_dir', 'backup_dir'] as const;

/** The rules about several projects or about `global`. */
export const CONFIG_RULES: ConfigRule[] = [
  {
    name: 'service-twice',
    severity: 'error',
    reads: ['service_name'],
    check: ({ projects }) => {
      const owners = new Map<string, string>();
      return Object.entries(projects).flatMap(([name, { service_name }]) => {
        const service = unitName(service_name ?? name);
        const owner = owners.get(service);
        owners.set(service, owner ?? name);
        return owner === undefined
          ? []
          : [
              {
                path: ['projects', name, 'service_name'],
                found: `${quote(service)}, which project ${quote(owner)} has already`,
                expected: 'a service of its own',
                hint: 'only one project may decide about a service: merge the thresholds of both into one',
              },
            ];
      });
    },
  },
  {
    name: 'no-project',
    severity: 'warning',
    reads: [],
    check: ({ projects }) =>
      Object.keys(projects).length > 0
        ? []
        : [
            {
              path: ['projects'],
              found: 'no project: nothing is scaled',
              expected: null,
              hint: null,
            },
          ],
  },
  {
    name: 'state-file',
    severity: 'warning',
    reads: [],
    check: ({ global: { state_file, state_dir } }) => {
      if (typeof state_file !== 'string') return [];
      const folder = OPEN_FOLDER.exec(state_file)?.[1];
      const why = folder
        ? `anyone may write to /${folder}, so what is there cannot be trusted`
        : 'remove it';
      return [
        {
          path: ['global', 'state_file'],
          found: 'not used',
          expected: null,
          hint: `${why}; the history is in ${state_dir} (state_dir)`,
        },
      ];
    },
  },
  {
    name: 'open-folder',
    severity: 'warning',
    reads: [],
    check: ({ global }) =>
      OUR_PLACES.flatMap((key) => {
        const folder = OPEN_FOLDER.exec(global[key] ?? '')?.[1];
        if (folder === undefined) return [];
        const found = `anyone may write to /${folder}`;
        const hint = `others may put files and links there before we do; the usual place is ${PROPER[key]}`;
        return [{ path: ['global', key], found, expected: null, hint }];
      }),
  },
  {
    name: 'log-is-history',
    severity: 'error',
    reads: [],
    check: ({ global: { log_file, state_dir } }) =>
      log_file === undefined || !log_file.startsWith(`${state_dir}/history.jsonl`)
        ? []
        : [
            {
              path: ['global', 'log_file'],
              found: 'the history itself',
              expected: 'a file of its own',
              hint: 'log lines would end up among the samples',
            },
          ],
  },
];
