import * as z from 'zod/mini';
import { configSchema } from './schema.ts';

/** The JSON Schema of a config as it is written, for editors. */
export function toConfigJsonSchema(): Record<string, unknown> {
  return {
    ...z.toJSONSchema(configSchema, { io: 'input' }),
    title: 'The config of autoscaler',
    // what Visual Studio Code asks for, beyond the standard
    allowComments: true,
    allowTrailingCommas: true,
  };
}
