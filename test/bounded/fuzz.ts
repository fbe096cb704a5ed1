import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { READERS } from './readers.ts';
import { tokensFor } from './tokens.ts';

const INPUTS = 10_000;
/** For a text of some hundred characters. Of a processor, as others use it too. */
const MOST_MS = 1000;

/** Gives to each of these readers 10,000 texts that are put together from what it knows and what it does not. */
export function fuzz(what: string, names: readonly string[]): void {
  describe(what, () => {
    for (const name of names) {
      test(name, () =>
        fc.assert(
          fc.asyncProperty(textFor(name), async (text) => {
            const before = process.cpuUsage();
            // whatever the reader does not say that it throws fails
            await READERS[name]!.read(text);
            const { user, system } = process.cpuUsage(before);
            assert.ok(user + system < MOST_MS * 1000, `${(user + system) / 1000} ms`);
          }),
          { numRuns: INPUTS },
        ),
      );
    }
  });
}

function textFor(name: string): fc.Arbitrary<string> {
  const known = fc.constantFrom(...tokensFor(name));
  const any = fc.string({ unit: 'binary', maxLength: 4 });
  const many = fc.tuple(known, fc.nat({ max: 40 })).map(([piece, count]) => piece.repeat(count));
  const piece = fc.oneof(
    { weight: 20, arbitrary: known },
    { weight: 1, arbitrary: any },
    { weight: 1, arbitrary: many },
  );
  return fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join(''));
}
