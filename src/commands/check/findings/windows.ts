import type { Policy } from '../../../model/types.ts';
import type { Finding } from './types.ts';

/**
 * What is found of a project with its own limits, the first of `policies`, and with those of each of its windows of
 * time: each once. That no threshold can act is a finding only where it is so in all of them.
 */
export function checkWindows(
  policies: readonly Policy[],
  check: (policy: Policy) => Finding[],
): Finding[] {
  const found = policies.map((policy) => ({ policy, findings: check(policy) }));
  const isFixed = ({ code }: Finding): boolean => code === 'limits_equal';
  const isAlways = found.every(({ findings }) => findings.some(isFixed));
  const reported = new Set<string>();
  return found.flatMap(({ policy: { schedule }, findings }) => {
    const fresh = findings.filter(({ code, evidence }) => !reported.has(`${code} ${evidence}`));
    for (const { code, evidence } of fresh) reported.add(`${code} ${evidence}`);
    return fresh
      .filter((finding) => isAlways || !isFixed(finding))
      .map((finding) => ({ ...finding, evidence: describeWindow(schedule, finding.evidence) }));
  });
}

function describeWindow(schedule: string | undefined, evidence: string): string {
  return schedule === undefined ? evidence : `while "${schedule}" is open: ${evidence}`;
}
