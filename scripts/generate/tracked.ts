// Writes the generated files that are in the repository; test/docs/generated.test.ts compares them: npm run generate
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { renderTracked } from './render-tracked.ts';

for (const [path, text] of Object.entries(await renderTracked())) {
  await writeFile(resolve(import.meta.dirname, '../..', path), text);
}
