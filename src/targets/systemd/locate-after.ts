import { judgePath } from '../../host/files/judge.ts';
import type { SourceFile } from '../../kinds/command/source.ts';
import type { UnitState } from '../../model/unit-state.ts';
import type { LocateAfter } from '../target.ts';
import { toLocated } from './to-located.ts';
import { locateWorkers } from './unit-file/locate/workers.ts';
import { asOurs, asTheirs } from './unit-file/our-files.ts';
import type { UnitSources } from './unit-file/syntax/types.ts';
import { readUnitSources } from './unit-sources.ts';

/** Answers where the number of `unit` stands once some of its files have changed. @throws UserError as `readUnitSources` */
export function locatorOf(unit: UnitState): LocateAfter {
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
    if (location.how !== 'splice') return toLocated(location);
    return toLocated({ ...location, path: asOurs(location.path) });
  };
}
