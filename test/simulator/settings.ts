import type { Random } from '../support/random.js';
import type { Settings } from './world.js';

/** What a history is about, from its seed. */
export function settingsFrom(seed: number, random: Random): Settings {
  const trainers = random.pick([1, 2, 2, 3, 3, 4, 5, 6]);
  const steps = random.chance(0.8) ? 5 + random.int(8) : 5 + random.int(26);
  const minTrainers = random.chance(0.8) ? 1 : 1 + random.int(trainers);
  return {
    seed,
    steps,
    shards: random.pick([1, 2, 4, 4, 8]),
    trainers,
    options: {
      minTrainers,
      steps,
      exact: random.chance(0.6),
      joinMs: random.pick(minTrainers === 1 && trainers > 2 ? [12_000, 45_000] : [45_000, 300_000]),
      silenceMs: 5_000,
      closeMs: 10_000,
      saveMs: 120_000,
      returnMs: 10_000,
      rollbackMs: 60_000,
    },
    guardEvery: random.pick([1, 2, 3, 100]),
    checkpointMs: random.pick([200, 1_000, 1_000, 4_000]),
    reconnectMs: random.pick([30_000, 300_000]),
    fetchesItems: random.chance(0.3),
    shardMs: random.pick([50, 100, 200, 400, 800]),
  };
}
