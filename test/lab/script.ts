import assert from 'node:assert/strict';
import { CHECKOUT, type Lab } from './lab.ts';

/**
 * Runs lines of TypeScript on the host of a lab, as root and from the top of the sources, so that they may import
 * `./src/…`.
 *
 * @returns what they hand to `print`, once
 */
export async function runScript<T>(lab: Lab, lines: string): Promise<T> {
  const script = `const print = (value) => console.log('@' + JSON.stringify(value));\n${lines}`;
  const { exitCode, stdout, stderr } = await lab.exec([
    ...['/bin/sh', '-c', `cd ${CHECKOUT} && exec "$0" --import tsx --input-type=module -e "$1"`],
    ...[process.execPath, script],
  ]);
  assert.equal(exitCode, 0, stderr);
  return JSON.parse(stdout.slice(stdout.indexOf('@') + 1)) as T;
}
