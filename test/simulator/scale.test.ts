import { createRunCore, type RunCore } from '@gan-train/coordinator/membership';
import { expect, it } from 'vitest';
import { settingsFrom } from './settings.js';
import { createRandom } from '../support/random.js';
import { initialState } from './state.js';

const trainers = 1_000;

function runningCore(): RunCore {
  const { triple } = initialState(1);
  const { options } = settingsFrom(1, createRandom(1));
  const begin = { nowMs: 0, term: 1, shards: 1_024, wanted: trainers, rowsStep: 0, finalStep: undefined };
  const generation = { id: { term: 0, n: 0 }, members: [] };
  const core = createRunCore({ ...begin, generation, stored: triple, isStoredInitial: true }, options);
  for (let i = 0; i < trainers; i++) {
    core.handle(1, { kind: 'joined', incarnation: `t${i}`, address: `t${i}:1` });
    core.handle(1, { kind: 'ready', incarnation: `t${i}`, state: triple, generation: undefined });
  }
  return core;
}

// What it costs, bench/membership.mjs says.
it('a generation of 1,000 trainers covers 1,024 shards once, and the loss of one begins the next', () => {
  const core = runningCore();
  const covered = (): number[] =>
    core.view.generation.members.flatMap(({ firstShard, shardCount }) =>
      Array.from({ length: shardCount }, (_, i) => firstShard + i),
    );
  const all = Array.from({ length: 1_024 }, (_, i) => i);
  expect(core.view.generation.members).toHaveLength(trainers);
  expect(covered()).toEqual(all);

  const generation = core.view.generation.id;
  core.handle(2, { kind: 'lost', incarnation: 't500', reason: 'killed', how: 'session' });
  for (const { incarnation, state } of [...core.view.trainers])
    core.handle(3, { kind: 'prepared', incarnation, generation, state });
  expect(core.view.generation).toMatchObject({ id: { term: 1, n: 2 } });
  expect(core.view.generation.members).toHaveLength(trainers - 1);
  expect(covered()).toEqual(all);
});
