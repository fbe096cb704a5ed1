import { readdir, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

/** The licences of the packages that modules are taken from: they ask to be passed on with what is made of them. */
export async function collectLicenses(moduleIds) {
  const folders = moduleIds.map(
    (id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(id)?.[0],
  );
  const texts = [...new Set(folders)]
    .filter(Boolean)
    .sort()
    .map(async (folder) => {
      const { name, version, license } = JSON.parse(
        await readFile(resolve(folder, 'package.json'), 'utf8'),
      );
      const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
      if (!file && !license) throw new Error(`${folder} names no licence`);
      const text = file ? (await readFile(resolve(folder, file), 'utf8')).trim() : '';
      return `${name} ${version}: ${license}\n\n${text}\n`;
    });
  return (await Promise.all(texts)).join(`\n${'-'.repeat(78)}\n\n`);
}
