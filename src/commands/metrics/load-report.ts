import type { Config } from '../../config/schema/schema.ts';
import type { Sample } from '../../model/types.ts';
import { renderTable } from '../../output/table.ts';

/** How busy each Gunicorn service is, and what waits for it; empty where nothing of it was measured. */
export function renderLoad(config: Config, { services }: Sample): string {
  const rows = Object.entries(config.projects).flatMap(([project, { service_name: name }]) => {
    const { busy_percent: busy, backlog } = services[name] ?? {};
    if (busy === undefined && backlog === undefined) return [];
    return [[project, describe(busy, ' %'), describe(backlog, '')]];
  });
  return rows.length === 0 ? '' : renderTable(['PROJECT', 'WORKERS BUSY', 'BACKLOG'], rows);
}

function describe(value: number | null | undefined, unit: string): string {
  return value === undefined ? '-' : value === null ? '?' : `${value}${unit}`;
}
