import { tellLimits } from '../config/limits.ts';
import { explainReason } from '../decide/explain.ts';
import type { Decision, Policy, Reason, Sample } from '../decide/types.ts';
import { formatDuration, formatNumber } from '../decide/wording.ts';
import type { ExplainedLimit } from '../output/explain-types.ts';

const CODES: Record<ExplainedLimit['limit'], Reason['code'][]> = {
  min_max: ['below_min', 'above_max', 'at_min', 'at_max', 'clamped'],
  failed_change: ['failed_change'],
  cooldown: ['cooldown'],
  max_step: ['max_step'],
  memory: ['memory'],
};

/** Each limit of a project in the order in which they count, with what it did in the last decision or what it allows. */
export function listLimits(policy: Policy, sample: Sample, decision: Decision): ExplainedLimit[] {
  const allows: Record<ExplainedLimit['limit'], string | null> = {
    min_max: tellLimits({ ...policy, schedule: policy.schedule ?? null }),
    failed_change: null,
    cooldown: tellCooldown(policy, sample),
    max_step: tellMaxStep(policy),
    memory: tellMemory(policy, sample),
  };
  return (Object.keys(CODES) as ExplainedLimit['limit'][]).flatMap((limit) => {
    const told = decision.reasons.filter(({ code }) => CODES[limit].includes(code));
    const text = told.length > 0 ? told.map(explainReason).join('; ') : allows[limit];
    return text === null ? [] : [{ limit, acted: told.length > 0, text }];
  });
}

function tellCooldown({ brakes, service }: Policy, sample: Sample): string | null {
  const { up = 0, down = 0 } = brakes?.cooldownMs ?? {};
  if (up === 0 && down === 0) return null;
  const changed = sample.brakes?.[service]?.changed_s;
  const last =
    changed === undefined
      ? 'no change yet'
      : `last change ${formatDuration(changed * 1000)} before`;
  return `${formatDuration(up)} up, ${formatDuration(down)} down; ${last}`;
}

function tellMaxStep({ brakes }: Policy): string | null {
  const { up = null, down = null } = brakes?.maxStep ?? {};
  if (up === null && down === null) return null;
  const most = (step: number | null): string => (step === null ? 'any number' : `at most ${step}`);
  return `${most(up)} up, ${most(down)} down at once`;
}

function tellMemory({ memoryThresholdMb: threshold }: Policy, { host }: Sample): string | null {
  if (threshold === null) return null;
  const available = host.memory_available_mb;
  const now = available === null ? 'unknown' : `${Math.round(available)} MB`;
  return `${formatNumber(threshold)} MB must remain after raising, ${now} are available`;
}
