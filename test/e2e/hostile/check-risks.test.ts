import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Lab } from '../../lab/lab.ts';
import { installUnit } from '../../lab/services.ts';
import * as host from './host.ts';

interface Finding {
  code: string;
  project: string | null;
  severity: 'error' | 'warning' | 'info';
  evidence: string;
}

/** Projects of a host, what of each is somebody else's, and whether that is more than is usual. */
const RISKS: [title: string, project: string, path: string, severity: 'info' | 'warning'][] = [
  ['an environment file that its user can write', 'alice', '/home/alice/app/env', 'info'],
  ['one that everybody can write', 'bob', '/srv/shared/env', 'warning'],
  ['one that is a link out of a folder of its user', 'carl', '/home/carl/app/env', 'info'],
  ['root runs what a user may exchange', 'rooted', '/home/dave/bin/gunicorn', 'warning'],
  ['root works in a folder of a user', 'homeless', '/home/dave/app', 'warning'],
];

describe('check on a host with hostile users', { timeout: 120_000 }, () => {
  let lab: Lab;
  let findings: Finding[];

  before(async () => {
    lab = await host.startHost(['alice', 'bob', 'carl', 'dave']);
    await host.installForeign(lab, 'alice', 8001);
    await lab.writeFile('/srv/shared/env', host.envText(1), { mode: 0o666 });
    await installUnit(
      lab,
      'bob.service',
      host.webUnit({ user: 'bob', port: 8002, lines: ['EnvironmentFile=/srv/shared/env'] }),
    );
    await lab.writeFile('/etc/default/carl', host.envText(1), { mode: 0o600 });
    await host.asUser(lab, 'carl', 'ln -s /etc/default/carl ~/app/env');
    await installUnit(
      lab,
      'carl.service',
      host.webUnit({ user: 'carl', port: 8003, lines: ['EnvironmentFile=/home/carl/app/env'] }),
    );
    await host.asUser(lab, 'dave', 'mkdir ~/bin; cp /usr/bin/gunicorn ~/bin');
    const of = { user: 'root', port: 8004, count: '--workers 1' };
    await installUnit(
      lab,
      'rooted.service',
      host.webUnit({
        ...of,
        execStart: '/home/dave/bin/gunicorn --workers 1 --bind 127.0.0.1:8004 web:app',
      }),
    );
    const lines = ['WorkingDirectory=/home/dave/app', `Environment=PYTHONPATH=${host.WEB}`];
    await installUnit(lab, 'homeless.service', host.webUnit({ ...of, port: 8005, lines }));
    await host.writeConfig(
      lab,
      Object.fromEntries(
        [...RISKS.map(([, project]) => project), 'shop'].map((name) => [name, host.LIMITS]),
      ),
    );
    const { stdout, stderr } = await host.measured(lab, ['check', '--json']);
    host.assertNoTrace(stdout + stderr);
    ({ findings } = JSON.parse(stdout) as { findings: Finding[] });
  });
  after(() => lab.stop());

  /** `service_found` names every file that a change would edit, which is no risk. */
  const risksOf = (project: string, path: string) =>
    findings
      .filter((each) => each.project === project && each.code !== 'service_found')
      .filter(({ evidence }) => evidence.includes(path));

  for (const [title, project, path, severity] of RISKS) {
    test(`${title}: it is named`, () => {
      const found = risksOf(project, path).filter(
        (each) => severity === 'info' || each.severity !== 'info',
      );
      const own = findings.filter((each) => each.project === project);
      assert.notDeepEqual(found, [], JSON.stringify(own, null, 1));
    });
  }

  test("what is root's alone is no risk", () => {
    assert.deepEqual(risksOf('shop', '/'), []);
  });
});
