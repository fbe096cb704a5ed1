import type { Finding } from './findings/types.ts';
import { listOwnPaths } from '../../host/sockets/doomed-sockets.ts';
import { findWorkerTree } from '../../kinds/worker-tree.ts';
import { listPassingFolders } from '../../targets/systemd/restart.ts';
import type { UnitState } from '../../model/unit-state.ts';

/**
 * Sockets of a service that the stop of another one takes away, since they lie in its `RuntimeDirectory=`.
 *
 * @throws UserError where systemd does not answer
 */
export async function checkSockets(project: string, unit: UnitState): Promise<Finding[]> {
  const tree = await findWorkerTree(unit);
  const paths = 'error' in tree ? [] : listOwnPaths(tree.masterPid);
  if (paths.length === 0) return [];
  const folders = (await listPassingFolders()).filter((folder) => folder.unit !== unit.id);
  return paths.flatMap((path) =>
    folders
      .filter((folder) => path.startsWith(`${folder.path}/`))
      .map((folder): Finding => {
        const of = { code: 'socket_in_foreign_folder', severity: 'warning', project } as const;
        const evidence = `it listens on ${path}, in ${folder.path} of ${folder.unit} (RuntimeDirectory=): a stop or restart of that service removes it, and nobody can connect to it any more`;
        const remedy = `RuntimeDirectoryPreserve=yes in ${folder.unit}, or a folder of its own`;
        return { ...of, evidence, remedy };
      }),
  );
}
