import { formatMemory } from '../../../model/wording.ts';
import type { Finding } from './types.ts';

/** What the workers of one project hold. */
export interface ProjectMemory {
  project: string;
  maxWorkers: number;
  /** workers that run now */
  running: number;
  /** what one of them holds; null: not known */
  workerMb: number | null;
}

/** The host's memory; null: not known. */
export interface HostMemory {
  totalMb: number | null;
  availableMb: number | null;
}

/** Whether the host can bear all projects at their max_workers together. */
export function checkMemoryPlan(projects: readonly ProjectMemory[], host: HostMemory): Finding[] {
  const known = projects.filter(hasCost);
  const unknown = projects.filter((project) => !hasCost(project));
  const needed = sum(known.map(({ maxWorkers, workerMb }) => maxWorkers * workerMb));
  const growth = sum(
    known.map(({ maxWorkers, running, workerMb }) => Math.max(0, maxWorkers - running) * workerMb),
  );
  const findings: Finding[] = unknown.map(({ project }) => ({
    code: 'memory_unknown',
    severity: 'info',
    project,
    evidence: 'the memory of a worker is unknown: no running worker could be measured',
    remedy: null,
  }));
  const { totalMb, availableMb } = host;
  if (known.length === 0 || totalMb === null || availableMb === null) return findings;
  const all = `all projects at max_workers need ${formatMemory(needed)}`;
  const largest = known.toSorted(
    (a, b) => b.maxWorkers * b.workerMb - a.maxWorkers * a.workerMb,
  )[0];
  const remedy = `lower max_workers (the largest: ${largest?.project ?? '?'}: ${largest?.maxWorkers ?? 0} × ${formatMemory(largest?.workerMb ?? 0)}), or set memory_threshold_mb, so that workers are added only while there is memory for them`;
  if (needed > totalMb) {
    const evidence = `${all}, the host has ${formatMemory(totalMb)}`;
    findings.push(about('memory_beyond_host', 'warning', evidence, remedy));
  } else if (growth > availableMb) {
    const evidence = `${all}, ${formatMemory(growth)} more than now; ${formatMemory(availableMb)} are available`;
    findings.push(about('memory_beyond_available', 'warning', evidence, remedy));
  } else {
    const evidence = `${all}, the host has ${formatMemory(totalMb)}`;
    findings.push(about('memory_plan', 'info', evidence, null));
  }
  return findings;
}

function hasCost(project: ProjectMemory): project is ProjectMemory & { workerMb: number } {
  return project.workerMb !== null;
}

function about(
  code: string,
  severity: Finding['severity'],
  evidence: string,
  remedy: string | null,
): Finding {
  return { code, severity, project: null, evidence, remedy };
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
