import type { BrakePolicy } from '../../model/brake-types.ts';

interface BrakeSettings {
  warmup_seconds: number;
  cooldown_minutes: number | { scale_up: number; scale_down: number };
  max_step?:
    number | { scale_up?: number | undefined; scale_down?: number | undefined } | undefined;
  adaptive_scale_down: boolean;
}

/** The brakes of a project, for the decision. */
export function toBrakePolicy(settings: BrakeSettings): BrakePolicy {
  const { cooldown_minutes: cooldown, max_step: step } = settings;
  const toMs = (count: number): number => Math.round(count * 60_000);
  return {
    warmupMs: settings.warmup_seconds * 1000,
    cooldownMs:
      typeof cooldown === 'number'
        ? { up: toMs(cooldown), down: toMs(cooldown) }
        : { up: toMs(cooldown.scale_up), down: toMs(cooldown.scale_down) },
    maxStep:
      typeof step === 'object'
        ? { up: step.scale_up ?? null, down: step.scale_down ?? null }
        : { up: step ?? null, down: step ?? null },
    adaptiveScaleDown: settings.adaptive_scale_down,
  };
}
