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

/**
 * Texts of at most 16 pieces: mostly what the reader knows, at times many of the same, or any characters. Made of one
 * number, as fast-check's own lists cost more than what is tested.
 */
function textFor(name: string): fc.Arbitrary<string> {
  const known = tokensFor(name);
  return fc.nat({ max: 0xffff_ffff }).map((seed) => {
    const next = randomFrom(seed);
    const pick = (count: number): number => Math.floor(next() * count);
    const piece = (): string => {
      const token = known[pick(known.length)]!;
      switch (pick(22)) {
        case 0:
          return String.fromCodePoint(...Array.from({ length: pick(5) }, () => anyChar(next())));
        case 1:
          return token.repeat(pick(41));
        default:
          return token;
      }
    };
    return Array.from({ length: pick(17) }, piece).join('');
  });
}

/** Any character but half of a pair. */
function anyChar(random: number): number {
  const code = Math.floor(random * 0x10f7ff);
  return code < 0xd800 ? code : code + 0x800;
}

/** Mulberry32: numbers from 0 to 1, the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
