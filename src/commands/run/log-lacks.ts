import type { Logger } from 'pino';
import type { Sample } from '../../model/types.ts';
import { isAbsent } from '../../model/measure-error.ts';
import { isNews } from '../../state/reported.ts';

/** Says once what the config asks for and this host does not have: such a value stays null, and no run fails because of it. */
export function tellLacks({ host, services }: Sample, stateDir: string, log: Logger): void {
  const parts = [['host', host] as const, ...Object.entries(services)];
  const lacks = parts.flatMap(([name, { errors }]) =>
    Object.entries(errors ?? {})
      .filter(([, error]) => isAbsent(error))
      .map(([key, error]) => `${name} ${key}: ${error.text}`),
  );
  if (lacks.length === 0 || !isNews(stateDir, 'lacks', lacks.join('\n'))) return;
  for (const lack of lacks) log.warn({ event: 'metrics' }, `${lack} (reported once)`);
}
