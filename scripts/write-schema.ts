// Writes config/autoscaler.schema.json from the schema that the program itself checks with.
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { format } from 'prettier';
import { toConfigJsonSchema } from '../src/config/schema/json-schema.ts';

const path = resolve(import.meta.dirname, '../config/autoscaler.schema.json');
await writeFile(
  path,
  await format(JSON.stringify(toConfigJsonSchema()), { parser: 'json', printWidth: 100 }),
);
