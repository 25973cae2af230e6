import { describe, expect, it } from 'vitest';
import { explain, runHistory } from './history.js';

const histories = Number(process.env.SIMULATOR_HISTORIES ?? 10_000);
const firstSeed = Number(process.env.SIMULATOR_SEED ?? 1);

describe('the deciding code of coordinator and trainers, on a simulated network and clock', () => {
  it(`keeps its promises in ${histories} histories of faults from seed ${firstSeed}`, () => {
    for (let seed = firstSeed; seed < firstSeed + histories; seed++) {
      const { violations } = runHistory(seed);
      if (violations.length > 0) expect.fail(explain(seed));
    }
  });
});
