import { describe, expect, it } from 'vitest';
import { explain, runHistory } from './history.js';
import { mutations } from './mutations.js';

describe('a rule that is taken out', () => {
  it.each(mutations)('"$rule" shows in seed $seed: $how', ({ rules, seed, shows }) => {
    const { violations } = runHistory(seed, { rules });
    expect(violations.join('\n')).toMatch(shows);
    if (runHistory(seed).violations.length > 0) expect.fail(explain(seed));
  });
});
