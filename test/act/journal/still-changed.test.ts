import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/act/journal/manifest.ts';
import { selectChanged } from '../../../src/act/journal/still-changed.ts';
import { renderChanged } from '../../../src/commands/rollback/changed-report.ts';

const UNIT = '/etc/systemd/system/web.service';
const DROP_IN = `${UNIT}.d/50-autoscaler.conf`;

interface Made {
  service?: string;
  from?: number;
  to?: number;
  action?: Manifest['action'];
  undoes?: string[];
  result?: 'applied' | 'undone';
  /** path → what was before; null: there was no file */
  files?: Record<string, string | null>;
}

/** `number`: of the change */
function change(number: number, made: Made = {}): Manifest {
  const { service = 'web.service', from = number + 1, to = number + 2 } = made;
  const { action = 'scale_up', undoes = [], result = 'applied', files = { [UNIT]: '2' } } = made;
  const at = '2026-11-24T04:04:15Z';
  return {
    ...{ v: 1, id: `00000${number}-${service}`, at, service, project: 'web', kind: 'gunicorn' },
    ...{ action, from, to, reason: '', resize: 'restart', countable: true, undoes, folders: [] },
    files: Object.entries(files).map(([path, before], index) => ({
      ...{ path, copy: before === null ? null : String(index), sha256_before: before },
      ...{ sha256_after: String(to), uid: 0, gid: 0, mode: 0o644, made_folder: null },
      ours_alone: true,
    })),
    before: { boot: 'x', main_pid: 1, main_start_us: 1 },
    ...{ touched: true, drain: null, undo_because: null, outcome: { at, result, why: '' } },
  };
}

/** The lines of the table; `now`: path → what a file holds, null: it is not there, undefined: unreadable. */
function tell(
  finished: Manifest[],
  now: Record<string, string | null | undefined>,
  open: Manifest[] = [],
  nameOf = (service: string): string => service,
): string[] {
  const readSha256 = (path: string): string | null | undefined => now[path];
  const found = selectChanged({ backupDir: '/b', finished, open, nameOf, readSha256 });
  const lines = renderChanged(found).trimEnd().split('\n');
  return lines.slice(1).map((line) => line.replaceAll(/ +/g, ' '));
}

describe('selectChanged', () => {
  const rows: [name: string, lines: string[], expected: string[]][] = [
    [
      'from before the first change to what the last one wrote, with the copy of the first',
      tell([change(1), change(2, { files: { [UNIT]: '3' } })], { [UNIT]: '4' }),
      [`web.service 2 4 /b/changes/000001-web.service/0 ${UNIT}`],
    ],
    [
      'a line a file; one that did not exist has no copy',
      tell([change(1, { files: { [UNIT]: '2', [DROP_IN]: null } })], {
        [UNIT]: '3',
        [DROP_IN]: 'x',
      }),
      [`web.service 2 3 /b/changes/000001-web.service/0 ${UNIT}`, `web.service 2 3 - ${DROP_IN}`],
    ],
    ['a file that was put back by hand is unchanged', tell([change(1)], { [UNIT]: '2' }), []],
    ['a file that was removed has nothing to be put back', tell([change(1)], { [UNIT]: null }), []],
    [
      'a drop-in that was removed is as it was',
      tell([change(1, { files: { [DROP_IN]: null } })], { [DROP_IN]: null }),
      [],
    ],
    [
      'a file that was edited since is changed',
      tell([change(1)], { [UNIT]: 'theirs' }),
      [`web.service 2 3 /b/changes/000001-web.service/0 ${UNIT}`],
    ],
    [
      'a file that cannot be read counts as changed',
      tell([change(1)], { [UNIT]: undefined }),
      [`web.service 2 3 /b/changes/000001-web.service/0 ${UNIT}`],
    ],
    [
      'a change that was undone is none',
      tell([change(1, { result: 'undone' })], { [UNIT]: '9' }),
      [],
    ],
    [
      'what was rolled back is unchanged, whatever was edited since',
      tell([change(1), change(2, { action: 'rollback', undoes: ['000001-web.service'] })], {
        [UNIT]: 'theirs',
      }),
      [],
    ],
    [
      'a change that has not ended counts, whatever the file says',
      tell([], { [UNIT]: '2' }, [change(1)]),
      [`web.service 2 3 /b/changes/000001-web.service.pending/0 ${UNIT}`],
    ],
    [
      'a rollback that has not ended: the copy is what was before us, not what it found',
      tell([change(1)], { [UNIT]: '2' }, [
        change(2, { action: 'rollback', files: { [UNIT]: '3' } }),
      ]),
      [`web.service 2 3 /b/changes/000001-web.service/0 ${UNIT}`],
    ],
    [
      'a heal that has not ended has no file',
      tell([], {}, [change(1, { action: 'heal', files: {} })]),
      ['web.service 2 3 - -'],
    ],
    [
      'other services are judged apart',
      tell([change(1), change(2, { service: 'api.service', files: { '/api': '1' } })], {
        [UNIT]: '2',
        '/api': '2',
      }),
      ['api.service 3 4 /b/changes/000002-api.service/0 /api'],
    ],
    [
      'by two names: each is named, with the copy of the first change of all',
      tell(
        [change(1), change(2, { service: 'alias.service', files: { [UNIT]: '3' } })],
        { [UNIT]: '4' },
        [],
        () => 'web.service',
      ),
      [
        `web.service 2 4 /b/changes/000001-web.service/0 ${UNIT}`,
        `alias.service 2 4 /b/changes/000001-web.service/0 ${UNIT}`,
      ],
    ],
  ];
  for (const [name, lines, expected] of rows) {
    test(name, () => assert.deepEqual(lines, expected));
  }
});
