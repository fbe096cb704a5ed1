import type { RollbackQuestion } from '../../act/rollback-plan.ts';
import { judgePath } from '../../host/files/judge.ts';
import { readUnitSources } from '../../targets/systemd/unit-sources.ts';
import type { UnitState } from '../../model/unit-state.ts';
import type { SourceFile } from '../../kinds/command/source.ts';
import type { UnitSources } from '../../targets/systemd/unit-file/syntax/types.ts';
import { asOurs, asTheirs } from '../../targets/systemd/unit-file/our-files.ts';
import { locateWorkers } from '../../targets/systemd/unit-file/locate/workers.ts';

/** Answers where the number of `unit` stands once some of its files have changed. */
export function locatorOf(unit: UnitState): RollbackQuestion['locate'] {
  const sources = readUnitSources(unit);
  return (files, asUsers) => {
    const texts = new Map(files.map(({ path, after }) => [path, after]));
    const change = ({ path, text }: SourceFile): SourceFile[] => {
      const real = judgePath(path).path;
      const after = texts.has(real) ? (texts.get(real) ?? null) : text;
      const name = asUsers.includes(real) ? asTheirs(path) : path;
      return after === null ? [] : [{ path: name, text: after }];
    };
    const location = locateWorkers({
      ...sources,
      fragment: sources.fragment === null ? null : (change(sources.fragment)[0] ?? null),
      dropIns: sources.dropIns.flatMap(change),
      // one that is removed is ours, and so is the drop-in that names it
      environmentFiles: sources.environmentFiles.flatMap(
        ({ path, text }): UnitSources['environmentFiles'] =>
          text === null ? [{ path, text }] : change({ path, text }),
      ),
    });
    if (location.how !== 'splice') return location;
    return { ...location, path: asOurs(location.path) };
  };
}
