import type { Unfinished } from '../../act/foresee.ts';
import type { Plan } from '../../act/types.ts';
import { formatMemory } from '../../model/wording.ts';
import type { Decision, Hold, KindName, Sample } from '../../model/types.ts';
import { cleanLine, cleanStrings } from '../../output/clean.ts';
import { tableLines } from '../../output/table.ts';
import type { Output } from '../../output/terminal.ts';
import { wrapLines } from '../../output/wrap.ts';

/** One service of `run --json`; `plan` only in a dry run. */
export interface ServiceReport {
  project: string;
  service: string;
  kind: KindName | null;
  /** declared workers before the run */
  workers: number | null;
  running: number | null;
  /** `heal`: the running workers were brought to the number of the unit; `renew`: our drop-in follows an edit below it */
  action: Decision['action'] | 'heal' | 'renew';
  from: number | null;
  to: number | null;
  wanted: number | null;
  applied: boolean;
  hold: Hold | null;
  codes: string[];
  reason: string;
  error: string | null;
  plan?: Plan;
}

/** The document of `run --json`. */
export interface RunReport {
  at: string;
  /** printed in a dry run only */
  dry_run: boolean;
  host: Sample['host'];
  /** in a dry run only: what the next run does with the changes that an earlier run left */
  unfinished?: Unfinished[];
  services: ServiceReport[];
  /** what else is worth knowing, for people */
  hint?: string;
  /** something other than a service went wrong; not printed */
  failed?: boolean;
}

/** The run as a person reads it: the host, a row per service, then the edits of a dry run. */
export function renderRunReport(
  report: RunReport,
  diffs: string[],
  out: Output,
  columns: number,
): string {
  const { services } = report;
  const rows = services.map((service) => [
    service.project,
    service.workers === null ? '?' : String(service.workers),
    service.running === null ? '?' : String(service.running),
    renderResult(service, report.dry_run, out),
  ]);
  const [header, ...decisions] = tableLines(['PROJECT', 'WORKERS', 'RUNNING', 'DECISION'], rows);
  const lines = decisions.flatMap((line, index) => {
    const error = services[index]?.error ?? null;
    return error === null ? [line] : [line, `  ${out.paint('red', cleanLine(error))}`];
  });
  const table = [header, ...lines].map((line) => `${line}\n`).join('');
  const hint = report.hint === undefined ? [] : [`Hint: ${report.hint}\n`];
  const first = (report.unfinished ?? []).map(({ sentence }) =>
    out.paint('yellow', cleanLine(sentence)),
  );
  const head = [
    renderHost(cleanStrings(report.host)),
    ...(first.length === 0 ? [] : [`${first.join('\n')}\n`]),
  ];
  const wrap = (text: string): string => wrapLines(text, columns);
  return [...[...head, table].map(wrap), ...diffs, ...hint.map(wrap)].join('\n');
}

function renderResult(service: ServiceReport, dryRun: boolean, out: Output): string {
  if (service.error !== null || service.action === 'none') return service.reason;
  return out.paint(
    'green',
    dryRun ? `${service.reason} (${tellDryRun(service.plan)})` : service.reason,
  );
}

function tellDryRun(plan: Plan | undefined): string {
  return `dry run: not done${plan === undefined ? '' : `; ${tellResize(plan)}`}`;
}

/** What a plan would do to the running service, and to which other units. */
export function tellResize(plan: Plan): string {
  const { resize, obstacle, barrier, also } = plan;
  const how =
    resize === 'live'
      ? 'it would be changed without a restart'
      : resize === 'restart'
        ? 'it would be restarted'
        : 'the running service would be left alone';
  const others = also.length === 0 ? '' : `, and with it ${cleanLine(also.join(', '))}`;
  const why = obstacle ?? (resize === 'live' ? barrier : null);
  return `${how}${others}${why === null ? '' : `: ${cleanLine(why)}`}`;
}

/** `cpu 71.2 %   memory 5.0 GB available`, with the reason if a value is missing. */
export function renderHost(host: Sample['host']): string {
  const cpu =
    host.cpu_percent === null
      ? `cpu ? (${host.errors?.['cpu_percent']?.text ?? 'unknown'})`
      : `cpu ${host.cpu_percent.toFixed(1)} %`;
  const memory =
    host.memory_available_mb === null
      ? `memory ? (${host.errors?.['memory_available_mb']?.text ?? 'unknown'})`
      : `memory ${formatMemory(host.memory_available_mb)} available`;
  return `${cpu}   ${memory}\n`;
}
