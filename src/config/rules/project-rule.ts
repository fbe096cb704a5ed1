import type { Finding } from '../file/document.ts';
import type { WrittenProject } from '../schema/schema.ts';

/** A rule about several keys of a project; paths of findings are below the project. */
export interface ProjectRule {
  name: string;
  severity: 'error' | 'warning';
  /** where one of these is faulty by itself, the rule has nothing to say */
  reads: readonly (keyof WrittenProject)[];
  check: (project: WrittenProject, name: string) => Finding[];
}
