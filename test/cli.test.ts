import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildProgram, findCalled } from '../src/cli.ts';

describe('the command that is called', () => {
  const cases: [what: string, argv: string[], called: string | null][] = [
    ['is the first word', ['run', '--dry-run'], 'run'],
    ['may stand behind options of the program', ['-q', '--no-color', 'status'], 'status'],
    ['is not the value of --config', ['--config', 'run', 'check'], 'check'],
    ['is not the value of --config, in one word', ['--config=run', 'check'], 'check'],
    ['is not a later word', ['pin', 'run', '2'], 'pin'],
    ['is unknown where there is none of that name', ['runs'], null],
    ['is unknown where the name is one of every object', ['constructor'], null],
    ['is unknown for the help of a command', ['help', 'run'], null],
    ['is unknown where there are options only', ['--help'], null],
    ['is none where the version is asked for', ['-q', '--version'], ''],
  ];
  for (const [what, argv, called] of cases) {
    test(what, () => assert.equal(findCalled(argv), called));
  }
});

describe('the program', () => {
  test('has the called command alone, as it is among all', () => {
    const done = (): void => undefined;
    for (const command of buildProgram(done).commands) {
      const alone = buildProgram(done, command.name()).commands;
      assert.deepEqual(
        alone.map((each) => each.helpInformation()),
        [command.helpInformation()],
      );
    }
  });
});
