import { expect, it } from 'vitest';
import { createStepProfile } from './profile.js';

it('a step has what was added to its parts, and the rest as other', () => {
  const profile = createStepProfile();
  profile.add('graph', 50);
  profile.add('graph', 10);
  profile.add('reduce', 5);
  expect(profile.end(100)).toEqual({
    step: 100,
    trace: 0,
    graph: 60,
    copy: 0,
    adam: 0,
    reduce: 5,
    other: 35,
  });
  expect(profile.end(7)).toEqual({ step: 7, trace: 0, graph: 0, copy: 0, adam: 0, reduce: 0, other: 7 });
});
