// Writes what the build derives from the command line: the manual page and the shells' completions, into dist/share/.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { VERSION } from '../../src/version.ts';
import { readCommands } from './commands.ts';
import { renderBash, renderFish, renderZsh } from './completions.ts';
import { renderMan } from './man.ts';

const { program, commands } = readCommands();
const files: Record<string, string> = {
  'man/autoscaler.8': renderMan(program, commands, VERSION),
  'completions/autoscaler.bash': renderBash(program, commands),
  'completions/_autoscaler': renderZsh(program, commands),
  'completions/autoscaler.fish': renderFish(program, commands),
};
for (const [name, text] of Object.entries(files)) {
  const path = resolve(import.meta.dirname, '../../dist/share', name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
