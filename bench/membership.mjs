// What the coordinator's deciding code costs with many trainers: `node bench/membership.mjs [trainers] [shards]`, after `npm run build`.
import { createRunCore } from '@gan-train/coordinator/membership';

const [trainers = 1_000, shards = 1_024] = process.argv.slice(2).map(Number);
const rounds = 5;
const initial = { generation: { term: 0, n: 0 }, position: { step: 0, phase: 1 } };

/** Runs it and returns the milliseconds that it took. */
function timed(work) {
  const startMs = performance.now();
  work();
  return performance.now() - startMs;
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const say = (what, ms, per) =>
  console.log(`${what.padEnd(52)} ${((1_000 * ms) / per).toFixed(1).padStart(10)} µs`);

function createCore() {
  const core = createRunCore(
    {
      nowMs: 0,
      term: 1,
      shards,
      wanted: trainers,
      generation: { id: { term: 0, n: 0 }, members: [] },
      stored: initial,
      isStoredInitial: true,
      rowsStep: 0,
      finalStep: undefined,
    },
    {
      minTrainers: 1,
      steps: 1_000_000,
      exact: true,
      joinMs: 300_000,
      silenceMs: 5_000,
      closeMs: 10_000,
      saveMs: 120_000,
      returnMs: 10_000,
      rollbackMs: 60_000,
    },
  );
  return core;
}

const names = Array.from({ length: trainers }, (_, i) => `trainer-${i}`);

function joinAll(core) {
  for (const incarnation of names) {
    core.handle(1, { kind: 'joined', incarnation, address: `${incarnation}:1` });
    core.handle(1, { kind: 'ready', incarnation, state: initial, generation: undefined });
  }
}

/** A heartbeat of everybody. */
function beat(core, nowMs, step) {
  const generation = core.view.generation.id;
  for (const incarnation of names) {
    const position = { step, phase: 0 };
    const state = { generation, position: { step: step - 1, phase: 1 } };
    const progress = { generation, activity: 'COMPUTING', position, shardsDone: 0, shardSeconds: 0.1, state };
    core.handle(nowMs, {
      kind: 'progress',
      incarnation,
      progress: { ...progress, waitingFor: [], unreachable: [] },
    });
  }
}

/** Everybody's hash of a state. */
function compare(core, nowMs) {
  const state = { generation: core.view.generation.id, position: { step: 1, phase: 1 } };
  for (const incarnation of names) core.handle(nowMs, { kind: 'hash', incarnation, state, hash: 'same' });
}

/** One is lost; all others say where they stand; the next generation starts without it. */
function change(core, nowMs) {
  const generation = core.view.generation.id;
  const [lost, ...others] = core.view.trainers.map(({ incarnation, state }) => ({ incarnation, state }));
  core.handle(nowMs, { kind: 'lost', incarnation: lost.incarnation, reason: 'killed', how: 'session' });
  for (const { incarnation, state } of others)
    core.handle(nowMs, { kind: 'prepared', incarnation, generation, state });
  if (core.view.generation.id.n !== generation.n + 1) throw new Error('no generation was started');
}

console.log(`${trainers} trainers, ${shards} shards; medians of ${rounds} rounds`);
const samples = { join: [], beat: [], hash: [], tick: [], change: [] };
for (let round = 0; round < rounds; round++) {
  const core = createCore();
  samples.join.push(timed(() => joinAll(core)));
  if (core.view.stage.name !== 'running') throw new Error('no generation was started');
  samples.beat.push(timed(() => beat(core, 500, 2)));
  samples.hash.push(timed(() => compare(core, 550)));
  samples.tick.push(timed(() => core.handle(600, { kind: 'tick' })));
  samples.change.push(timed(() => change(core, 700)));
}
say('a trainer joins (hello and ready)', median(samples.join), trainers);
say('a heartbeat', median(samples.beat), trainers);
say('a state hash', median(samples.hash), trainers);
say('a tick', median(samples.tick), 1);
say('a loss and the start of the next generation, in all', median(samples.change), 1);
