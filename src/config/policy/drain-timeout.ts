import type { Config } from '../schema/schema.ts';

/** How long each service's running Celery tasks are waited for, in milliseconds; Infinity: always. */
export function drainTimeouts({ projects, global }: Config): (service: string) => number {
  return (service) => {
    const project = Object.values(projects).find(({ service_name }) => service_name === service);
    const minutes = project?.drain_timeout_minutes ?? global.drain_timeout_minutes;
    return minutes === undefined ? Infinity : minutes * 60_000;
  };
}
