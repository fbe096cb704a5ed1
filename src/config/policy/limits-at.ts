import type { Project } from '../schema/schema.ts';
import { ownLimits, windowLimits, type Limits } from './limits.ts';

/** The limits of a project at a moment; what evaluates its windows is loaded only where it has some. */
export async function readLimits(project: Project, now: Date): Promise<Limits> {
  if (project.schedules === undefined) return ownLimits(project);
  const { openWindow } = await import('./schedules.ts');
  const open = project.schedules.find((schedule) => openWindow(schedule)(now));
  return open === undefined ? ownLimits(project) : windowLimits(open, project);
}
