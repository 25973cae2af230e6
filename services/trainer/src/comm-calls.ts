import type { ShardRange } from '@gan-train/collective';
import type { StateBytes, GenerationId, LossRow, Triple } from '@gan-train/rpc';
import type { Engine } from './engine.js';
import type { Moved } from './thread-calls.js';

/** Names a generation between the two threads: the one that a call is about may be over by the time that it is heard. */
export type Serial = number;

/** What the communication thread does for the compute thread. Shared buffers are SharedArrayBuffers. */
export interface CommCalls {
  /** Registers with the coordinator; the config comes back. */
  hello(request: { engines: readonly Engine[] }): Promise<Joined>;
  /** This trainer can be a member. */
  ready(request: { probeHash: string; engine: string }): Promise<void>;
  /** What the coordinator wants next; resolves when there is something to do. */
  nextOrder(request: undefined): Promise<Order>;
  /**
   * The state that the generation starts from, in `room` where that has its size; undefined when it is the initial one. Rejects with
   * `cancelled` when it is closed.
   */
  heal(request: { serial: Serial; room: SharedArrayBuffer | undefined }): Promise<StateBytes | undefined>;
  /** This member's slice of the state that it starts the generation with, for those that take it over. */
  holdState(request: { serial: Serial; snapshot: StateSnapshot }): Promise<void>;
  /** The bytes of the items of this trainer's shards at a step: uint8, in shard order. */
  items(request: { serial: Serial; step: number }): Promise<Moved<Uint8Array>>;
  /**
   * Reduces a phase with the other members. Called when the phase begins, so that the peers' partials travel while this
   * trainer still computes; `publish` says when buckets of its own are there, `reduced` when buckets of the sum are.
   */
  allReduce(request: { serial: Serial; step: number; phase: number }): Promise<void>;
  /** The first `buckets` buckets of this trainer's partial sums are final. */
  publish(request: { serial: Serial; step: number; phase: number; buckets: number }): Promise<void>;
  /** Resolves with the number of leading buckets that are reduced, once it is more than `beyond`. */
  reduced(request: { serial: Serial; step: number; phase: number; beyond: number }): Promise<number>;
  /** A step's row is there, with its commit. */
  rowDone(request: undefined): Promise<void>;
  /** What the metrics show of a finished phase. */
  phaseDone(phase: PhaseReport): Promise<void>;
  /**
   * A grid of a step, which every member makes: it is kept until the coordinator has one. Resolves when another one may follow; rejects
   * with `cancelled` when the generation is closed before.
   */
  grid(grid: { serial: Serial; step: number; images: number; pixels: Uint8Array }): Promise<void>;
  /** Resolves when the grids that were made are stored. */
  gridsStored(request: undefined): Promise<void>;
  putCheckpoint(checkpoint: CheckpointUpload): Promise<{ weightsHash: string }>;
  stateHash(request: { serial: Serial; state: Triple; hash: string }): Promise<void>;
  /** The members agreed to end the generation after the last commit. */
  halted(request: { serial: Serial }): Promise<void>;
  /** This trainer stands where the run ends. */
  drained(request: { serial: Serial; skippedInRow: number }): Promise<void>;
  /** This trainer was told to end: `done` follows, or, after the grace period, `timeout`. */
  leave(request: { graceSeconds: number }): Promise<void>;
  failed(request: { code: string; message: string }): Promise<void>;
  /** What the coordinator says of the run: running, finished, stopped or failed; undefined when it doesn't answer. */
  runStatus(request: undefined): Promise<string | undefined>;
  [name: string]: (request: never) => Promise<unknown>;
}

export interface Joined {
  runId: string;
  term: number;
  configJson: string;
  engine: string;
}

export type Order =
  | ({ kind: 'start' } & GenerationOrder)
  | { kind: 'saveState'; generation: GenerationId }
  | { kind: 'done'; reason: string };

export interface GenerationOrder {
  serial: Serial;
  generation: GenerationId;
  rank: number;
  members: number;
  shards: ShardRange;
  /** The last step of the run. */
  steps: number;
  /** What the generation starts from. */
  state: Triple;
  /** This trainer takes that state over first. */
  heals: boolean;
  /** The slice of it that others take over from this trainer. */
  gives: StateSlice | undefined;
  /** Of the two phases, in their order. */
  buffers: readonly PhaseBuffers[];
}

/** Elements at the end of a phase's sum that are not part of the layout: more than 0 when a member wishes it, so that all see it in the same phase. */
export const wishes = ['stop', 'pause', 'checkpoint'] as const;
export type Wish = (typeof wishes)[number];

/** Where a phase's sums go. */
export interface PhaseBuffers {
  /** Those of this trainer's tree roots. */
  partials: readonly SharedArrayBuffer[];
  /** What comes back, in place of the first partial. */
  reduced: SharedArrayBuffer;
  /** Elements of a bucket, a multiple of 4; the last one has what is left. */
  bucketElements: number;
}

export interface PhaseReport {
  step: number;
  phase: number;
  committed: boolean;
  seconds: Record<'data' | 'compute' | 'wait' | 'update', number>;
  scalars: Record<string, number>;
  gradientNorm: number;
  items: number;
  tensors: number;
}

/** One of `count` slices, of about the same size, that a state is cut into. */
export interface StateSlice {
  index: number;
  count: number;
}

/** Bytes [start, end) that a slice of a state has: whole floats. */
export function bytesOfSlice(
  sizeBytes: number,
  { index, count }: StateSlice,
): { start: number; end: number } {
  const bound = (i: number): number => 4 * Math.floor(((sizeBytes / 4) * i) / count);
  return { start: bound(index), end: bound(index + 1) };
}

/** A copy of a state or of a slice of it, tensor after tensor, by name. */
export interface StateSnapshot {
  purpose: 'CHECKPOINT' | 'WEIGHTS';
  state: Triple;
  updates: { generator: number; discriminator: number };
  row: LossRow | undefined;
  skippedInRow: number;
  /** Sorted by name. */
  tensors: readonly { name: string; shape: readonly number[] }[];
  /** From byte `start` of the whole on. */
  data: SharedArrayBuffer;
  start: number;
}

export interface CheckpointUpload extends StateSnapshot {
  /** The run waits for it. */
  final: boolean;
  /** The generation that it is sent in. */
  generation: GenerationId;
}
