import type { KindPort } from '../ports.ts';
import { remoteControl, type RemoteControl } from './remote-control.ts';
import { readIdle } from './task-pipe.ts';

/** What is asked of a Celery worker. */
export interface CeleryPorts {
  control: RemoteControl;
  /**
   * The processes of a pool that wait for a task, each with a mark that changes whenever it does anything; null: that cannot
   * be determined
   */
  readIdle: (mainPid: number, workerPids: readonly number[]) => ReadonlyMap<number, string> | null;
}

export const celeryPorts: KindPort<CeleryPorts> = {
  open: ({ brokerOf }) => ({ control: remoteControl(brokerOf), readIdle }),
};
