import type { Outcome, Plan } from '../../act/types.ts';
import { explainDecision } from '../../decide/explain.ts';
import { metricOf } from '../../metrics/registry.ts';
import type { Decision, Policy } from '../../model/types.ts';
import { isFault } from '../../model/measure-error.ts';
import type { Measurement } from '../../measure/sample.ts';
import type { ServiceReport } from './run-report.ts';
import type { UnitState } from '../../model/unit-state.ts';
import type { Refusal } from '../../kinds/command/source.ts';
import { explainTwin, type Twin } from '../shared/true-names.ts';

/** A decision with what was measured of its service. */
export function reportDecision(
  decision: Decision,
  policy: Policy | undefined,
  unit: UnitState | undefined,
  { sample, located }: Measurement,
): ServiceReport {
  const { project, service, action, from, to, wanted, hold, reasons } = decision;
  const found = sample.services[service];
  return {
    project,
    service,
    kind: located.get(service)?.kind ?? null,
    workers: found?.workers ?? null,
    running: found?.running ?? null,
    ...{ action, from, to, wanted, applied: false, hold },
    codes: reasons.map(({ code }) => code),
    reason: explainDecision(decision),
    error: findError(policy, unit, { sample, located }),
  };
}

/** A project that is disabled in the config: nobody looks at its service. */
export function reportDisabled(project: string, service: string): ServiceReport {
  const why = { hold: 'disabled', reason: 'disabled in the config: left alone' } as const;
  return { ...notLookedAt(project, service), ...why, codes: ['disabled'] };
}

/** A project whose service already belongs to another project: it is left out. */
export function reportTwin(twin: Twin): ServiceReport {
  const { project, service } = twin;
  const why = { reason: 'left out', error: explainTwin(twin) };
  return { ...notLookedAt(project, service), ...why, codes: ['service_twice'] };
}

function notLookedAt(project: string, service: string): Omit<ServiceReport, 'codes' | 'reason'> {
  return {
    ...{ project, service, kind: null, workers: null, running: null, action: 'none' },
    ...{ from: null, to: null, wanted: null, applied: false, hold: null, error: null },
  };
}

/** With the plan at which a dry run stops, or with the reason why there is none. */
export function withPlan(report: ServiceReport, plan: Plan | Refusal): ServiceReport {
  if (!('how' in plan))
    return plan.obstacle === null ? { ...report, plan } : withObstacle(report, plan);
  return { ...report, action: 'none', to: report.from, error: `${plan.message} (${plan.hint})` };
}

/** A plan that cannot be carried out in the requested way, so that something else, or nothing, is done. */
function withObstacle(report: ServiceReport, plan: Plan): ServiceReport {
  if (plan.resize !== 'none') return { ...report, plan };
  if (plan.barrier !== null && plan.apply !== 'live-only') {
    return { ...report, action: 'none', to: report.from, error: plan.obstacle, plan };
  }
  return { ...withoutChange(report, plan.obstacle), plan };
}

/** Not made, which is not a failure: it would need a restart, and the config says "live-only". */
function withoutChange(report: ServiceReport, obstacle: string | null): ServiceReport {
  const reason = `${report.reason}; not made: it would need a restart (${obstacle}), and "apply" is "live-only"`;
  return { ...report, action: 'none', to: report.from, hold: 'no_live', reason };
}

/** With the outcome of the change. */
export function withOutcome(report: ServiceReport, outcome: Outcome): ServiceReport {
  const { result, running, sentence, hint, obstacle } = outcome;
  if (result === 'refused' && obstacle !== undefined) return withoutChange(report, obstacle);
  const { note } = outcome;
  if (result === 'applied') {
    const reason = note === undefined ? report.reason : `${report.reason}; ${note}`;
    return { ...report, applied: true, running: running ?? report.running, reason };
  }
  if (result === 'draining' || result === 'waiting') {
    if (outcome.failed === true) return { ...report, error: sentence };
    return { ...report, reason: `${report.reason}; ${sentence}` };
  }
  return { ...report, error: hint === null ? sentence : `${sentence} (${hint})` };
}

/** What could not be measured although the decision needs it. */
function findError(
  policy: Policy | undefined,
  unit: UnitState | undefined,
  { sample, located }: Pick<Measurement, 'sample' | 'located'>,
): string | null {
  if (unit === undefined) return 'systemd reported nothing about this service';
  if (unit.loadState !== 'loaded') {
    const detail = unit.loadError === null ? '' : `: ${unit.loadError}`;
    return `${unit.unit} is ${unit.loadState}${detail} (check "service_name"; systemctl status ${unit.unit})`;
  }
  const found = sample.services[unit.unit];
  const location = located.get(unit.unit);
  if (location?.how === 'refused') return `${location.message} (${location.hint})`;
  const errors = { ...sample.host.errors, ...found?.errors };
  const needed = [
    'workers',
    ...(policy?.metrics ?? []).flatMap(({ metric }) => Object.keys(metricOf(metric).fields)),
  ];
  const faults = [...new Set(needed)].flatMap((key) => errors[key] ?? []).filter(isFault);
  return faults.length === 0 ? null : faults.map(({ text }) => text).join('; ');
}
