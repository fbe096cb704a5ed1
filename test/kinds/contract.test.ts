import { describe } from 'node:test';
import { KINDS } from '../../src/kinds/registry.ts';
import type { KindCase } from '../contract/kind.ts';
import { kindContract } from '../contract/kind.ts';

// a kind without a case of its own does not pass
const cases = await Promise.all(
  KINDS.map(async ({ name }) => {
    const { CASE } = (await import(`./${name}/contract-case.ts`)) as { CASE: KindCase };
    return CASE;
  }),
);

for (const [index, kind] of KINDS.entries())
  describe(`contract of a kind: ${kind.name}`, () => kindContract(kind, cases[index]!));
