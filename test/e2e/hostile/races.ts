import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../../lab/lab.ts';
import { changedSince, filesWith, filesWithSpecialBits, takeSnapshot } from './changes.ts';
import * as host from './host.ts';

/** How long root works on files that change under its hands; longer on a slow machine, until those of RACED were met. */
const SECONDS = 60;
const MOST_SECONDS = 150;

/** Whose files root has to have opened for it to be a race. */
const RACED = ['bob', 'carol'];

/** A root's program that would give alice root's rights: setuid, and with a capability. */
const PRIVILEGED = '/usr/local/bin/privileged';
/** Files of root's own that a count of workers stands in, as a naive search would find it. */
const OTHERS_FILE = '/etc/default/other';
const OTHERS_FOLDER = '/etc/other.d';
const OTHERS_TEXT = 'WEB_CONCURRENCY=1\nSECRET=of-another\n';

/** Who does what: see programs/races.py. Each owns `app` and the file `env` in it. */
const RACES = {
  alice: ['attributes', PRIVILEGED],
  bob: ['folder', '/etc/profile.d'],
  carol: ['random', OTHERS_FILE],
  dave: ['random', OTHERS_FOLDER],
  erin: ['random', OTHERS_FOLDER],
} as const;
const USERS = Object.keys(RACES);

/** All that a race may bring about and must not, empty where all is well. */
export interface Damage {
  /** files that give whoever runs them more rights, and that were not there before */
  privileged: string[];
  /** files and folders of the system that were made or changed */
  changed: string[];
  /** files in users' folders that belong to somebody else */
  foreign: string[];
  /** files that hold bytes of hostile users' files */
  spread: string[];
  /** lines of output that show another user's file */
  shown: string[];
}

/** A host on which five users wait for root to touch their files; `erin.service` runs, the others' stand still. */
export async function startRaceHost(): Promise<Lab> {
  const lab = await host.startHost(USERS);
  for (const [index, user] of USERS.entries()) await host.installForeign(lab, user, 8001 + index);
  await lab.ok(`systemctl stop ${USERS.filter((user) => user !== 'erin').join(' ')}
    cp /usr/bin/true ${PRIVILEGED}; chmod 4755 ${PRIVILEGED}
    mkdir ${OTHERS_FOLDER}`);
  await lab.ok(
    `python3 -c 'import os; os.setxattr("${PRIVILEGED}", "security.capability", bytes.fromhex("0100000280000000000000000000000000000000"))'`,
  );
  for (const path of [OTHERS_FILE, `${OTHERS_FOLDER}/env`]) {
    await lab.writeFile(path, OTHERS_TEXT, { mode: 0o600 });
  }
  const stopped = Object.fromEntries(
    USERS.map((user) => [user, { ...host.LIMITS, min_workers: 1 }]),
  );
  await host.writeConfig(lab, stopped);
  for (const workers of [1, 2]) {
    const limits = { ...host.LIMITS, min_workers: workers, max_workers: workers };
    const cpu_thresholds = { [`scale_up_${workers}`]: 99.9 };
    const projects = { erin: { ...limits, cpu_thresholds }, shop: { ...limits, cpu_thresholds } };
    await lab.writeFile(`/etc/autoscaler/run-${workers}.json`, JSON.stringify({ projects }), {
      mode: 0o640,
    });
  }
  return lab;
}

/**
 * Changes of all of them for a minute, one after the other, while their files are exchanged.
 * `start` runs the script that makes them to its end.
 */
export async function race(
  lab: Lab,
  start: (script: string) => Promise<{ said: string }>,
): Promise<{ damage: Damage; runs: number; opens: Record<string, number> }> {
  await lab.writeFile('/srv/changes.sh', CHANGES);
  const before = takeSnapshot(lab);
  // times of files are not finer than this
  await sleep(20);
  const racers = await Promise.all(
    Object.entries(RACES).map(async ([user, [kind, target]]) => ({
      user,
      racer: await host.startAs(lab, user, ['races.py', kind, `/home/${user}/app`, 'env', target]),
    })),
  );
  const { said } = await start('/srv/changes.sh');
  const opens: Record<string, number> = {};
  for (const { user, racer } of racers) {
    racer.stdin.end();
    const { stdout, stderr } = await racer.done;
    const seen = JSON.parse(stdout.slice(stdout.indexOf('{')) || 'null') as {
      opens: number;
    } | null;
    assert.ok(seen !== null, stderr);
    opens[user] = seen.opens;
  }
  host.assertNoTrace(said);
  const ends = [...said.matchAll(/^exit (\d+) of (\w+)/gm)];
  const wrong = ends.filter(([, code]) => code !== '0' && code !== '1');
  assert.deepEqual(
    wrong.map(([text]) => text),
    [],
    said.slice(-3000),
  );
  return {
    damage: await findDamage(lab, before, said),
    runs: said.match(/^exit 0 of run served shop$/gm)?.length ?? 0,
    opens,
  };
}

const CHANGES = `
now() { cut -d. -f1 /proc/uptime; }
began=$(now)
goes_on() {
  took=$(($(now) - began))
  [ $took -ge ${SECONDS} ] || return 0
  [ $took -lt ${MOST_SECONDS} ] || return 1
  ! { [ $n_runs -ge 1 ] ${RACED.map((user) => `&& [ -e /home/${user}/opened ]`).join(' ')}; }
}
n=1 round=0 n_runs=0
while goes_on; do
  for user in alice bob bob carol bob dave; do
    n=$((n % 8 + 1))
    autoscaler scale $user $n --json 2>&1; echo; echo "exit $? of scale $user $n"
  done
  round=$((round + 1))
  [ $((round % 2)) = 1 ] || continue
  workers=$((round / 2 % 2 + 1))
  autoscaler run --config /etc/autoscaler/run-$workers.json 2>&1
  code=$?
  # whatever became of erin's
  if grep -q -- "--workers $workers " /etc/systemd/system/shop.service; then code=0; fi
  echo "exit $code of run served shop"
  [ $code != 0 ] || n_runs=$((n_runs + 1))
done
`;

/** Units of this test that are root's and that are meant to change. */
const OWN_UNITS = ['shop', 'autoscaler-race'].map((name) => `/etc/systemd/system/${name}.service`);

async function findDamage(
  lab: Lab,
  before: ReturnType<typeof takeSnapshot>,
  said: string,
): Promise<Damage> {
  const after = takeSnapshot(lab);
  const old = new Set(filesWithSpecialBits(before));
  const owners = USERS.map((user) => `-path '/home/${user}/*' ! -user ${user}`).join(' -o ');
  const isAtHome = (path: string) => /^\/home\//.test(path);
  const backups = /^\/var\/backups\/autoscaler\//;
  return {
    privileged: [
      ...filesWithSpecialBits(after).filter((each) => !old.has(each)),
      ...(await lab.ok(`python3 -c '${LIST_CAPABLE}'`)).split('\n').filter((path) => path !== ''),
    ],
    changed: changedSince(before, lab, (path) => isAtHome(path) || OWN_UNITS.includes(path)),
    foreign: (await lab.ok(`find /home ${owners} | sort`))
      .split('\n')
      .filter((path) => path !== ''),
    spread: filesWith(lab, host.MARK, (path) => !isAtHome(path) && !backups.test(path)),
    shown: said.split('\n').filter((line) => line.includes('of-another')),
  };
}

const LIST_CAPABLE = `
import os
for top in ("/home", "/etc", "/tmp", "/var", "/srv"):
    for folder, _, names in os.walk(top):
        for path in (os.path.join(folder, name) for name in names):
            try:
                if "security.capability" in os.listxattr(path, follow_symlinks=False):
                    print(path)
            except OSError:
                pass
`.replaceAll("'", '"');

/** As autoscaler.service does it, with all that the unit allows and forbids. */
export async function startUnderService(lab: Lab, script: string): Promise<{ said: string }> {
  const unit = await lab.readFile('/usr/lib/systemd/system/autoscaler.service');
  assert.match(unit, /^RestrictSUIDSGID=yes$/m);
  const own = unit
    .replace(/^ExecStart=.*$/m, `ExecStart=/bin/sh ${script}`)
    .replace(/^TimeoutStartSec=.*$/m, `TimeoutStartSec=${MOST_SECONDS + 90}`)
    .replace(/^StandardOutput=.*$/m, 'StandardOutput=append:/run/said')
    .replace(/^StandardError=.*$/m, 'StandardError=inherit');
  await lab.writeFile('/etc/systemd/system/autoscaler-race.service', own);
  await lab.ok('systemctl daemon-reload');
  const { exitCode, stderr } = await lab.sh('systemctl start autoscaler-race.service', {
    timeoutMs: (MOST_SECONDS + 100) * 1000,
  });
  const said = await lab.readFile('/run/said');
  assert.equal(exitCode, 0, stderr + said.slice(-3000));
  return { said };
}

/** As an administrator does it. */
export async function startByHand(lab: Lab, script: string): Promise<{ said: string }> {
  return { said: await lab.ok(`sh ${script}`, { timeoutMs: (MOST_SECONDS + 100) * 1000 }) };
}
