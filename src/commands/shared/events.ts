import type { Logger } from 'pino';
import type { Outcome } from '../../act/types.ts';
import type { Global } from '../../config/schema/schema.ts';
import { cleanStrings } from '../../output/clean.ts';
import { makeVisible } from '../../host/visible.ts';
import { monotonicMs } from '../../host/monotonic.ts';

/** What a hook receives about a change: one JSON document on its standard input. */
export interface ChangeEvent {
  v: 1;
  event: 'scale_up' | 'scale_down' | 'rollback' | 'recovered' | 'undone' | 'failed';
  at: string;
  host: string;
  project: string | null;
  service: string;
  action: Outcome['action'];
  from: number;
  to: number;
  result: Outcome['result'];
  reason: string;
  /** what happened, for people */
  message: string;
}

/** Events that have happened but have not been sent yet, by the log of the command. */
const unreported = new WeakMap<Logger, Omit<ChangeEvent, 'host'>[]>();

/**
 * Keeps the outcome of a change for the hook, unless the change had no effect, is still going on, or only healed drift or
 * renewed our drop-in.
 */
export function noteEvent(log: Logger, outcome: Outcome, as: string): void {
  const { project, service, action, from, to, result, reason, sentence: message } = outcome;
  if (result === 'refused' || result === 'draining' || result === 'waiting') return;
  const event = as === 'recovered' ? as : result === 'applied' ? action : result;
  if (event === 'heal' || event === 'renew') return;
  const at = new Date().toISOString();
  const reported = {
    v: 1,
    event,
    at,
    project,
    service,
    action,
    from,
    to,
    result,
    reason,
    message,
  } as const;
  unreported.set(log, [...(unreported.get(log) ?? []), reported]);
}

/**
 * Runs the hook of the config for each change of this command, one after the other. Call it after the lock is released,
 * since others would otherwise have to wait for the hook. If the hook fails, that is logged and has no other effect.
 */
export async function reportEvents(log: Logger, global: Global | undefined): Promise<void> {
  const events = unreported.get(log) ?? [];
  unreported.delete(log);
  const { on_event: command, on_event_user: user = null } = global ?? {};
  if (command === undefined || events.length === 0) return;
  const { hostname } = await import('node:os');
  const { runHook } = await import('../run/run-hook.ts');
  const deadlineMs = monotonicMs() + 60_000;
  for (const [index, event] of events.entries()) {
    if (monotonicMs() > deadlineMs) {
      log.error(
        { event: 'on_event' },
        `the hook is slow: ${events.length - index} events were not sent`,
      );
      return;
    }
    const fault = await runHook(
      { command, user },
      makeVisible(JSON.stringify(cleanStrings({ ...event, host: hostname() }))),
    ).catch((error: unknown) => String(error));
    if (fault !== null) {
      const { event: name, service } = event;
      log.error(
        { event: 'on_event', service },
        `${service}: the hook for ${name} failed: ${fault}`,
      );
    }
  }
}
