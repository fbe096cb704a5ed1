import { format } from 'prettier';
import { toConfigJsonSchema } from '../../src/config/schema/json-schema.ts';
import { renderCommandsDoc } from './commands-doc.ts';
import { readCommands } from './commands.ts';
import { renderConfigDoc } from './config-doc.ts';

/** The generated files of the repository, by their paths. */
export async function renderTracked(): Promise<Record<string, string>> {
  const schema = toConfigJsonSchema();
  const { program, commands } = readCommands();
  return {
    'config/autoscaler.schema.json': await format(JSON.stringify(schema), {
      parser: 'json',
      printWidth: 100,
    }),
    'docs/config.md': renderConfigDoc(schema),
    'docs/commands.md': renderCommandsDoc(program, commands),
  };
}
