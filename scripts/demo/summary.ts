import type { ActionRecord, HistoryEntry } from '../../src/model/types.ts';
import { renderTable } from '../../src/output/table.ts';
import type { LoadResult } from '../../test/lab/http-load.ts';
import type { Lab } from '../../test/lab/lab.ts';
import { title } from './say.ts';

/** What the demo itself knows of its load and of the units as it wrote them. */
export interface Facts {
  http: LoadResult;
  tasks: number;
  units: Record<string, { text: string; mainPid: string }>;
  runs: number;
}

/** Prints every change from the history, then what the load and the unit files say of it. */
export async function showSummary(lab: Lab, facts: Facts): Promise<void> {
  const changes = await readChanges(lab);
  title(`Summary: ${facts.runs} runs, ${changes.length} changes`);
  const rows = changes.map(({ at, service, from, to, result, reason }) => [
    at.slice(11, 19),
    service,
    `${from} → ${to}`,
    result,
    reason,
  ]);
  const done = Number(await lab.ok('redis-cli -n 15 dbsize'));
  process.stdout.write(
    `\n${renderTable(['TIME', 'SERVICE', 'WORKERS', 'RESULT', 'REASON'], rows)}\n` +
      renderTable(
        ['WHAT', 'FIGURES'],
        [
          ['HTTP requests', `${facts.http.requests} answered, ${facts.http.failed} failed`],
          ['tasks', `${facts.tasks} queued, ${done} done, ${facts.tasks - done} lost or open`],
          ...(await Promise.all(
            Object.keys(facts.units).map((unit) => compareUnit(lab, unit, facts)),
          )),
        ],
      ) +
      '\n',
  );
}

async function readChanges(lab: Lab): Promise<ActionRecord[]> {
  const { stdout } = await lab.sh('cat /var/lib/autoscaler/history.jsonl');
  const entries = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as HistoryEntry);
  return entries.filter((entry) => entry.kind === 'action');
}

async function compareUnit(lab: Lab, unit: string, { units }: Facts): Promise<string[]> {
  const text = await lab.readFile(`/etc/systemd/system/${unit}`);
  const line = /^ExecStart=(.*)$/m.exec(text)?.[1] ?? '';
  const same = text === units[unit]?.text ? 'byte for byte as at the start' : `now ${line}`;
  const isSame = (await readMainPid(lab, unit)) === units[unit]?.mainPid;
  const state = (await lab.ok(`systemctl is-active ${unit}`)).trim();
  return [unit, `${state}, ${isSame ? 'not restarted' : 'restarted'}, unit ${same}`];
}

/** The number of the unit's main process, which is another one after a restart. */
export async function readMainPid(lab: Lab, unit: string): Promise<string> {
  return lab.ok(`systemctl show -P MainPID ${unit}`);
}
