import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, test } from 'node:test';
import type { Command } from 'commander';
import { buildProgram } from '../../src/command-line/cli.ts';

const MAIN = resolve(import.meta.dirname, '../../dist/main.js');

/** On a terminal of a size, as script(1) makes one. */
function onTerminal(columns: number, options: string): string {
  const call = `stty cols ${columns}; exec ${process.execPath} ${MAIN} ${options}`;
  return execFileSync('script', ['-qec', call, '/dev/null'], { encoding: 'utf8', stdio: 'pipe' })
    .replaceAll('\r\n', '\n')
    .trim();
}

const ofPipe = (...options: string[]): string =>
  execFileSync(process.execPath, [MAIN, ...options], { encoding: 'utf8' }).trim();

describe('the help of the built program', () => {
  const laidOut = ofPipe('--help');

  test('is what its commands say', () => {
    assert.match(laidOut, /^Usage: autoscaler \[options\] \[command\]\n/);
    assert.equal(ofPipe('-h'), laidOut);
  });
  for (const columns of [0, 80, 200]) {
    test(`is the same on a terminal of ${columns} columns`, () => {
      assert.equal(onTerminal(columns, '--help'), laidOut);
    });
  }
  test('is laid out for a terminal that is narrower', () => {
    const narrow = onTerminal(60, '--help');
    assert.notEqual(narrow, laidOut);
    assert.deepEqual(narrow.split(/\s+/), laidOut.split(/\s+/));
  });
});

describe('where only one command is defined', () => {
  for (const name of tree().commands.map((command) => command.name())) {
    test(`${name} is what it is among all`, () => {
      assert.equal(helpOf(tree([name]), name), helpOf(tree(), name));
    });
  }
});

function tree(names?: readonly string[]): Command {
  return buildProgram(() => undefined, names);
}

function helpOf(program: Command, name: string): string {
  return program.commands.find((command) => command.name() === name)!.helpInformation();
}
