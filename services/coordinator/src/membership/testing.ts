import { shardsOfRank } from '@gan-train/collective';
import type { GenerationId, Triple } from '@gan-train/rpc';
import type { MemberView, RunOptions, RunView, TrainerView } from './view.js';

/** The time at which is decided. */
export const nowMs = 10_000_000;

export const options: RunOptions = {
  minTrainers: 1,
  steps: 100,
  exact: true,
  joinMs: 300_000,
  silenceMs: 5_000,
  closeMs: 10_000,
  saveMs: 120_000,
  returnMs: 8_000,
  rollbackMs: 60_000,
};

export const triple = (step: number, phase = 1, term = 1, n = 1): Triple => ({
  generation: { term, n },
  position: { step, phase },
});

/** The generation that trainers are in, where nothing else is said. */
export const id: GenerationId = { term: 1, n: 1 };

export const progressOf = (change: Partial<TrainerView['progress']> = {}): TrainerView['progress'] => ({
  activity: 'COMPUTING',
  position: { step: 10, phase: 0 },
  shardsDone: 0,
  sinceMs: nowMs,
  shardSeconds: 0.1,
  waitingFor: [],
  unreachable: new Map(),
  ...change,
});

/** A trainer at step 10, just heard. */
export function trainer(
  incarnation: string,
  status: TrainerView['status'],
  change: Partial<TrainerView> = {},
): TrainerView {
  const isMember = status === 'running' || status === 'drained';
  return {
    incarnation,
    address: `${incarnation}:7070`,
    status,
    generation: isMember ? id : undefined,
    state: triple(10),
    leaving: false,
    heardAtMs: nowMs,
    progress: progressOf(),
    probe: undefined,
    ...change,
  };
}

/** Members in rank order, who share the shards. */
export const membersOf = (incarnations: readonly string[], shards = 4): MemberView[] =>
  incarnations.map((incarnation, rank) => {
    const { first, count } = shardsOfRank(shards, incarnations.length, rank);
    const address = `${incarnation}:7070`;
    return { incarnation, address, firstShard: first, shardCount: count, holds: true };
  });

export const lossOf = (incarnation: string, reason = 'its session broke') => ({
  incarnation,
  address: `${incarnation}:7070`,
  reason,
});

/** A run that computes; members are the trainers that are in its generation, and those that are lost. */
export function runOf(change: Partial<RunView> = {}): RunView {
  const { trainers = [], lost = [] } = change;
  const present = trainers.filter(({ generation }) => generation?.n === id.n).map((t) => t.incarnation);
  return {
    stage: { name: 'running', sinceMs: nowMs },
    trainers,
    generation: { id, members: membersOf([...present, ...lost.map(({ incarnation }) => incarnation)]) },
    wanted: 2,
    stopRequested: false,
    stored: triple(0, 1, 0, 0),
    isStoredInitial: true,
    rowsStep: 50,
    finalStep: undefined,
    knownStep: 0,
    lost,
    mismatch: undefined,
    returnedTo: undefined,
    skippedInRow: 0,
    quarantine: new Map(),
    ...change,
  };
}
