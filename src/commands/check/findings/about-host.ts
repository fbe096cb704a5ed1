import type { Finding } from './types.ts';

/** A finding about the host. */
export function about(
  code: string,
  severity: Finding['severity'],
  evidence: string,
  remedy: string | null = null,
): Finding {
  return { code, severity, project: null, evidence, remedy };
}
