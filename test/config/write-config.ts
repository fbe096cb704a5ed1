import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

const folder = mkdtempSync(join(tmpdir(), 'autoscaler-config-'));
after(() => rmSync(folder, { recursive: true }));
let count = 0;

/** Writes a config file that root trusts; it is gone when the tests of the file have ended. */
export function writeConfig(text: string | Uint8Array, name = `${++count}.json`): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, 0o640);
  return path;
}

/** A config with one project `shop`, one line each from line 4 on; those of `rest` follow `projects`. */
export function withShop(lines: string[], rest: string[] = []): string {
  const inner = lines.map((line) => `      ${line},`);
  return ['{', '  "projects": {', '    "shop": {', ...inner, '    },', '  },', ...rest, '}'].join(
    '\n',
  );
}
