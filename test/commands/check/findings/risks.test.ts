import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkBrokerNetwork } from '../../../../src/commands/check/findings/broker-network.ts';
import {
  checkRisks,
  checkSecrets,
  type Place,
  type UnitRisks,
} from '../../../../src/commands/check/findings/risks.ts';
import type { Component } from '../../../../src/host/files/trust-rule.ts';

const NAMES = {
  user: (uid: number) => ({ 0: 'root', 1000: 'alice', 1001: 'bob' })[uid] ?? String(uid),
  group: (gid: number) => ({ 0: 'root', 1000: 'alice', 33: 'www-data' })[gid] ?? String(gid),
};

/** `/srv/app:0755:root` and so on, as a way; the last one is a file where it says so. */
function place(what: string, ...parts: string[]): Place {
  const way = parts.map((part, index): Component => {
    const [path = '', mode = '0755', uid = '0', gid = uid, kind] = part.split(' ');
    const isLast = index === parts.length - 1;
    const as = kind ?? (isLast && !path.endsWith('/') ? 'file' : 'folder');
    return {
      ...{ path: path.replace(/(.)\/$/, '$1'), kind: as as Component['kind'] },
      ...{ uid: Number(uid), gid: Number(gid), mode: Number.parseInt(mode, 8) },
    };
  });
  return { what, path: way.at(-1)!.path, way };
}

const HOME = ['/ 0755', '/home 0755', '/home/alice 0755 1000'];
const ALICES_ENV = place('environment file', ...HOME, '/home/alice/env 0644 1000');
const ALICES_APP = place('working directory', ...HOME, '/home/alice/app/ 0755 1000');
const ROOTS_APP = place('working directory', '/ 0755', '/srv 0755', '/srv/app/ 0755');
const ETC_UNIT = place('unit file', '/ 0755', '/etc 0755', '/etc/shop.service 0644');

const NONE: UnitRisks = {
  ...{ project: 'shop', service: 'shop.service', user: 'alice', privileged: [] },
  ...{ unitFiles: [ETC_UNIT], environmentFiles: [], code: [], privilegedCode: [], secrets: [] },
};

interface Row {
  name: string;
  risks: Partial<UnitRisks>;
  /** `severity code`, each */
  found: string[];
  evidence?: RegExp;
}

const ROWS: Row[] = [
  { name: 'a unit of root in /etc is no risk', risks: {}, found: [] },
  {
    name: 'code that belongs to the very user that it runs as is how it should be',
    risks: { code: [ALICES_APP] },
    found: [],
  },
  {
    name: 'an environment file of that user is a risk: systemd follows a link in its place as root',
    risks: { environmentFiles: [ALICES_ENV] },
    found: ['warning environment_file_foreign'],
    evidence:
      /another project's passwords, and passes it to alice; .*: environment file \/home\/alice\/env \(alice:alice, mode 0644\)/,
  },
  {
    name: "code in a user's home is a risk where it runs as root",
    risks: { user: null, code: [ALICES_APP, ROOTS_APP] },
    found: ['warning code_foreign'],
    evidence:
      /^it runs as root \(no User=\), and another user can write what it runs: working directory \/home\/alice\/app \(\/home\/alice is alice:alice, mode 0755\)$/,
  },
  {
    name: "so is a folder of root's below one of a user's",
    risks: { user: null, code: [place('program', ...HOME, '/home/alice/p 0755')] },
    found: ['warning code_foreign'],
    evidence: /program \/home\/alice\/p \(\/home\/alice is alice:alice, mode 0755\)/,
  },
  {
    name: 'an environment file of a user is one too: LD_PRELOAD is enough',
    risks: { user: null, environmentFiles: [ALICES_ENV] },
    found: ['warning environment_file_foreign'],
    evidence: /LD_PRELOAD.*: environment file \/home\/alice\/env \(alice:alice, mode 0644\)$/,
  },
  {
    name: 'as root from a folder of root is none',
    risks: { user: null, code: [ROOTS_APP] },
    found: [],
  },
  {
    name: 'a folder that a group may write, for root',
    risks: { user: null, code: [place('working directory', '/ 0755', '/srv/app/ 0775 0 33')] },
    found: ['warning code_foreign'],
    evidence: /\(root:www-data, mode 0775\)/,
  },
  {
    name: 'that group in a unit with a user is the usual way of a deployment',
    risks: { code: [place('working directory', '/ 0755', '/srv/app/ 0775 0 33')] },
    found: [],
  },
  {
    name: 'a folder that all may write is a risk whoever it runs as',
    risks: { code: [place('working directory', '/ 0755', '/srv/app/ 0777 1000')] },
    found: ['warning code_foreign'],
    evidence: /any user of this host can write what it runs as alice/,
  },
  {
    name: 'in a sticky folder as the working directory, too, all can add code',
    risks: { user: null, code: [place('working directory', '/ 0755', '/tmp/ 1777')] },
    found: ['warning code_foreign'],
  },
  {
    name: 'a sticky folder on the way is none',
    risks: { user: null, code: [place('program', '/ 0755', '/tmp 1777', '/tmp/p 0755')] },
    found: [],
  },
  {
    name: 'an environment file that all may write',
    risks: { environmentFiles: [place('environment file', '/ 0755', '/etc 0755', '/etc/e 0666')] },
    found: ['warning environment_file_foreign'],
    evidence: /any user of this host can write the environment of alice/,
  },
  {
    name: 'a unit file in a home, by a link of root',
    risks: {
      unitFiles: [
        place(
          'unit file',
          '/etc 0755',
          '/etc/s.service 0777 0 0 link',
          ...HOME,
          '/home/alice/s 0644 1000',
        ),
      ],
    },
    found: ['warning unit_file_foreign'],
    evidence: /unit file \/home\/alice\/s \(alice:alice, mode 0644\)/,
  },
  {
    name: "a link on the way that is a user's",
    risks: {
      unitFiles: [place('unit file', '/etc 0755', '/srv/l 0777 1001 1001 link', '/srv/s 0644')],
    },
    found: ['warning unit_file_foreign'],
    evidence: /\(the link \/srv\/l is bob:1001\)/,
  },
  {
    name: 'a drop-in that all may write',
    risks: { unitFiles: [place('drop-in', '/etc 0755', '/etc/d.conf 0666')] },
    found: ['warning unit_file_foreign'],
  },
  {
    name: 'a command with + makes root of what the user may write',
    risks: {
      privileged: ['ExecStartPre=/home/alice/p'],
      environmentFiles: [ALICES_ENV],
      privilegedCode: [place('program', ...HOME, '/home/alice/p 0755 1000')],
      code: [ALICES_APP],
    },
    found: ['warning environment_file_foreign', 'warning code_foreign'],
    evidence: /^it runs ExecStartPre=\/home\/alice\/p as root \(because of \+ or !\)/,
  },
  {
    name: 'no more than four places are named, the others counted, each once',
    risks: {
      user: null,
      code: [1, 2, 3, 4, 5, 6, 6].map((n) => place('code', '/ 0755', `/srv/${n}.py 0644 1000`)),
    },
    found: ['warning code_foreign'],
    evidence: /code \/srv\/4\.py \(alice:alice, mode 0644\), and 2 more$/,
  },
  {
    name: 'the password of a broker in a file that all can read',
    risks: { secrets: [ETC_UNIT] },
    found: ['warning password_readable'],
    evidence:
      /can read the password of a broker: unit file \/etc\/shop\.service \(root:root, mode 0644\)/,
  },
  {
    name: 'one that only root can read, or in a folder that others cannot enter, is none',
    risks: {
      secrets: [
        place('file', '/ 0755', '/etc/e 0640'),
        place('file', '/ 0755', '/home/alice 0750 1000', '/home/alice/e 0644 1000'),
      ],
    },
    found: [],
  },
];

describe('what is risky about a unit', () => {
  for (const { name, risks, found, evidence = /^/ } of ROWS) {
    test(name, () => {
      const findings = checkRisks({ ...NONE, ...risks }, NAMES);
      assert.deepEqual(
        findings.map(({ severity, code }) => `${severity} ${code}`),
        found,
      );
      if (found.length > 0) assert.match(findings[0]!.evidence, evidence);
      for (const { severity, remedy, project } of findings) {
        assert.equal(project, 'shop');
        assert.equal(remedy !== null, severity === 'warning');
      }
    });
  }

  test('the config itself, where all can read the passwords in it', () => {
    const [finding] = checkSecrets(null, [place('file', '/ 0755', '/etc/c.json 0644')], NAMES);
    assert.equal(finding?.remedy, 'chmod 0640 /etc/c.json');
    assert.equal(finding.project, null);
  });
});

describe('a broker on the network', () => {
  const rows: [url: string, tls: boolean, lacks: string | null][] = [
    ['redis://localhost:6379/0', false, null],
    ['redis://127.0.0.1:6379/0', false, null],
    ['redis://[::1]:6379/0', false, null],
    ['redis+socket:///run/redis.sock', false, null],
    ['redis:///0', false, null],
    ['redis://10.0.0.5:6379/0', false, 'TLS and a password'],
    ['redis://:pw@10.0.0.5:6379/0', false, 'TLS'],
    ['rediss://10.0.0.5:6379/0', false, 'a password'],
    ['redis://:pw@10.0.0.5:6379/0', true, null],
    ['rediss://:pw@db.example.org/0', false, null],
    ['amqp://shop:pw@mq.example.org//', false, 'TLS'],
    ['amqps://shop:pw@mq.example.org//', false, null],
    ['sentinel://:pw@a:26379;sentinel://b:26379', false, 'TLS and a password'],
  ];
  for (const [url, tls, lacks] of rows) {
    test(`${url}${tls ? ' with broker_use_ssl' : ''}: ${lacks ?? 'nothing'}`, () => {
      const [finding] = checkBrokerNetwork('shop', url, tls);
      assert.equal(finding === undefined, lacks === null);
      if (finding === undefined) return;
      assert.ok(finding.evidence.includes(`without ${lacks}:`), finding.evidence);
      assert.equal(finding.severity, 'info');
      assert.ok(!finding.evidence.includes('pw'));
    });
  }
});
