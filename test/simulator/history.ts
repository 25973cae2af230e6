import { createClock } from './clock.js';
import { createCluster } from './cluster.js';
import { createDisk } from './disk.js';
import { planFaults } from './faults.js';
import { createJudge, type Judge } from './judge.js';
import { createNetwork } from './network.js';
import { createRandom } from '../support/random.js';
import { allRules, type Rules } from './rules.js';
import { settingsFrom } from './settings.js';
import type { Settings, World } from './world.js';

/** Once nothing is wrong any more a run must end within so long: quarantine takes up to ten minutes. */
const endsWithinMs = 1_500_000;
/** More than any history needs: what loops without time passing ends here. */
const mostEvents = 2_000_000;

export interface History {
  seed: number;
  settings: Settings;
  violations: readonly string[];
  outcome: Judge['outcome'];
  counts: Judge['counts'];
  seconds: number;
  events: number;
  trace: readonly string[];
}

/** One run with all that happens to it, as its seed says. */
export function runHistory(seed: number, options: { rules?: Rules; traces?: boolean } = {}): History {
  const { rules = allRules, traces = false } = options;
  const random = createRandom(seed);
  const settings = settingsFrom(seed, random);
  const notes = { hasFlips: random.chance(0.1), stops: random.chance(0.1) };
  const clock = createClock();
  const network = createNetwork(clock, random);
  const disk = createDisk({ clock, random }, settings.trainers);
  const lines: string[] = [];
  const judge = createJudge(settings, {
    clock,
    disk,
    trainers: () => cluster.trainers,
    coordinatorSinceMs: () => cluster.coordinatorSinceMs,
    apartMs: (process) =>
      cluster.coordinator === undefined
        ? clock.nowMs
        : network.openSinceMs(cluster.coordinator.process, process),
  });
  const world: World = {
    clock,
    random,
    network,
    disk,
    judge,
    rules,
    settings,
    // For a moment there may be two, and who asks gets the one or the other.
    coordinator: () =>
      cluster.former?.process.isPaused === false && random.chance(0.3) ? cluster.former : cluster.coordinator,
    trainerAt: (address) => cluster.trainers.find((trainer) => trainer.address === address),
    trace(who, what) {
      if (traces) lines.push(`${(clock.nowMs / 1000).toFixed(3).padStart(9)}  ${who.padEnd(14)} ${what()}`);
    },
  };
  const cluster = createCluster(world);
  const ceaseMs = planFaults(world, cluster, notes);
  cluster.begin();
  let events = 0;
  const limitMs = ceaseMs + endsWithinMs;
  while (
    judge.outcome === undefined &&
    judge.violations.length === 0 &&
    clock.nowMs < limitMs &&
    events < mostEvents
  ) {
    clock.step();
    events++;
  }
  if (judge.outcome === undefined && judge.violations.length === 0)
    judge.fails(events < mostEvents ? 'the run does not end' : 'the run goes round in circles');
  judge.concludes();
  const { outcome, violations, counts } = judge;
  return { seed, settings, violations, outcome, counts, seconds: clock.nowMs / 1000, events, trace: lines };
}

/** A history in words, with the last lines of its trace. */
export function explain(seed: number, options: { rules?: Rules; lines?: number } = {}): string {
  const { rules = allRules, lines = 400 } = options;
  const { settings, violations, outcome, counts, trace } = runHistory(seed, { rules, traces: true });
  return [
    `seed ${seed}: ${JSON.stringify(settings)}`,
    ...trace.slice(-lines),
    `outcome ${JSON.stringify(outcome)}, ${JSON.stringify(counts)}`,
    ...violations.map((violation) => `violation: ${violation}`),
  ].join('\n');
}
