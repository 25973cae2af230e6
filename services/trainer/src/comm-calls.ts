import type { ShardRange } from '@gan-train/collective';
import type { CheckpointHeader, LossRow, Triple } from '@gan-train/rpc';
import type { Engine } from './engine.js';
import type { Moved } from './thread-calls.js';

/** What the communication thread does for the compute thread. Shared buffers are SharedArrayBuffers. */
export interface CommCalls {
  /** Registers with the coordinator; the config comes back. */
  hello(request: { engines: readonly Engine[] }): Promise<Joined>;
  /** This trainer can be a member. */
  ready(request: { identityHash: string; probeHash: string; state: Triple; engine: string }): Promise<void>;
  /** What the coordinator wants next; resolves when there is something to do. */
  nextOrder(request: undefined): Promise<Order>;
  /** The bytes of the items of this trainer's shards at a step: uint8, in shard order. */
  items(request: { step: number }): Promise<Moved<Uint8Array>>;
  /**
   * Reduces a phase with the other members. Called when the phase begins, so that the peers' partials travel while this
   * trainer still computes; `publish` says when buckets of its own are there, `reduced` when buckets of the sum are.
   */
  allReduce(request: { step: number; phase: number }): Promise<void>;
  /** The first `buckets` buckets of this trainer's partial sums are final. */
  publish(request: { step: number; phase: number; buckets: number }): Promise<void>;
  /** Resolves with the number of leading buckets that are reduced, once it is more than `beyond`. */
  reduced(request: { step: number; phase: number; beyond: number }): Promise<number>;
  row(row: LossRow): Promise<void>;
  /** What the metrics show of a finished phase. */
  phaseDone(phase: PhaseReport): Promise<void>;
  putGrid(grid: { step: number; images: number; pixels: Uint8Array }): Promise<void>;
  putCheckpoint(checkpoint: CheckpointUpload): Promise<{ weightsHash: string }>;
  /** This trainer stands where the run ends; resolves when the coordinator has all rows. */
  drained(request: { state: Triple }): Promise<void>;
  failed(request: { code: string; message: string }): Promise<void>;
  [name: string]: (request: never) => Promise<unknown>;
}

export interface Joined {
  runId: string;
  term: number;
  configJson: string;
  identityHash: string;
  engine: string;
  state: Triple;
  /** The state to start from, when it isn't the initial one. */
  checkpoint: { header: CheckpointHeader; data: SharedArrayBuffer } | undefined;
}

export type Order =
  ({ kind: 'start' } & GenerationOrder) | { kind: 'saveState' } | { kind: 'done'; reason: string };

export interface GenerationOrder {
  generation: { term: number; n: number };
  rank: number;
  members: number;
  shards: ShardRange;
  /** The last step of the run. */
  steps: number;
  /** Of the two phases, in their order. */
  buffers: readonly PhaseBuffers[];
}

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

export interface CheckpointUpload {
  purpose: 'CHECKPOINT' | 'WEIGHTS';
  state: Triple;
  final: boolean;
  updates: { generator: number; discriminator: number };
  row: LossRow | undefined;
  /** Sorted by name; byte ranges of `data`. */
  tensors: readonly { name: string; shape: readonly number[]; offset: number; length: number }[];
  data: SharedArrayBuffer;
}
