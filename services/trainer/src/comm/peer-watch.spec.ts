import { describe, expect, it } from 'vitest';
import { createPeerWatch } from './peer-watch.js';

describe('the peers that something is asked of', () => {
  it('are waited for until everything came', () => {
    const watch = createPeerWatch();
    expect(watch.ranks()).toEqual({ waitingFor: [], unreachable: [] });
    const [first, second] = [watch.asked(2), watch.asked(2)];
    watch.asked(0);
    expect(watch.ranks()).toEqual({ waitingFor: [2, 0], unreachable: [] });
    first();
    expect(watch.ranks().waitingFor).toEqual([2, 0]);
    second();
    expect(watch.ranks().waitingFor).toEqual([0]);
  });

  it('are unreachable from when they do not answer until they do', () => {
    const watch = createPeerWatch();
    const came = watch.asked(1);
    watch.failed(1);
    watch.failed(3);
    expect(watch.ranks()).toEqual({ waitingFor: [1, 3], unreachable: [1, 3] });
    watch.answered(3);
    expect(watch.ranks()).toEqual({ waitingFor: [1], unreachable: [1] });
    came();
    expect(watch.ranks()).toEqual({ waitingFor: [], unreachable: [] });
  });

  it('are reachable once anything of them came, though more is waited for', () => {
    const watch = createPeerWatch();
    const came = watch.asked(1);
    watch.asked(1);
    watch.failed(1);
    came();
    expect(watch.ranks()).toEqual({ waitingFor: [1], unreachable: [] });
  });
});
