import { tellLimits } from '../../config/policy/limits.ts';
import { explainReason } from '../../decide/explain.ts';
import type { Decision, Policy, Reason, Sample } from '../../model/types.ts';
import { averageShare } from '../../decide/limits/own-share.ts';
import { formatDuration, formatNumber } from '../../model/wording.ts';
import { formatMetric } from '../../metrics/wording.ts';
import type { ExplainedLimit } from './types.ts';

const CODES: Record<ExplainedLimit['limit'], Reason['code'][]> = {
  min_max: ['below_min', 'above_max', 'at_min', 'at_max', 'clamped'],
  failed_change: ['failed_change'],
  paused: ['paused', 'pinned'],
  own_cpu_share: ['own_cpu_share'],
  cooldown: ['cooldown'],
  max_step: ['max_step'],
  running_tasks: ['tasks_running', 'running_tasks_unknown'],
  projection: ['projected'],
  memory: ['memory', 'memory_pressure', 'memory_short', 'memory_group', 'oom_kills'],
};

/** Each limit of a project in the order in which they count, with what it did in the last decision or what it allows. */
export function listLimits(policy: Policy, sample: Sample, decision: Decision): ExplainedLimit[] {
  const allows: Record<ExplainedLimit['limit'], string | null> = {
    min_max: tellLimits({ ...policy, schedule: policy.schedule ?? null }),
    failed_change: null,
    paused: tellControls(policy),
    own_cpu_share: tellOwnShare(policy, sample),
    cooldown: tellCooldown(policy, sample),
    max_step: tellMaxStep(policy),
    // what they hold back depends on what is wanted
    running_tasks: null,
    projection: null,
    memory: tellMemory(policy, sample),
  };
  return (Object.keys(CODES) as ExplainedLimit['limit'][]).flatMap((limit) => {
    const told = decision.reasons.filter(({ code }) => CODES[limit].includes(code));
    const text = told.length > 0 ? told.map(explainReason).join('; ') : allows[limit];
    return text === null ? [] : [{ limit, acted: told.length > 0, text }];
  });
}

/** A pause of one direction acts when that is wanted, and a pin is in force whatever is. */
function tellControls({ pause, pin }: Policy): string | null {
  const parts: Reason[] = [];
  if (pause?.up) parts.push({ code: 'paused', direction: 'up', ...pause.up });
  if (pause?.down) parts.push({ code: 'paused', direction: 'down', ...pause.down });
  if (pin) parts.push({ code: 'pinned', ...pin });
  return parts.length === 0 ? null : parts.map(explainReason).join('; ');
}

function tellOwnShare(policy: Policy, sample: Sample): string | null {
  const { minOwnCpuShare: needed = null, service } = policy;
  if (needed === null) return null;
  const share = averageShare([{ sample, addsMs: 1 }], service);
  const used =
    typeof share === 'number'
      ? `it used ${formatMetric('cpu', share, needed)} at the last sample`
      : `what it used is unknown (${share.error.text})`;
  return `for a raise by the host's CPU it must have used ${formatMetric('cpu', needed)} of the busy CPU; ${used}`;
}

function tellCooldown({ brakes, service }: Policy, sample: Sample): string | null {
  const { up = 0, down = 0 } = brakes?.cooldownMs ?? {};
  if (up === 0 && down === 0) return null;
  const changed = sample.brakes?.[service]?.changed_s;
  const last =
    changed === undefined
      ? 'no change yet'
      : `last change ${formatDuration(changed * 1000)} earlier`;
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
  return `${formatNumber(threshold)} MB must remain after a raise, ${now} available`;
}
