import type { Position } from '@gan-train/rpc';
import { EventEmitter, once } from 'node:events';
import { GanTrainError } from '@gan-train/service';
import type { ElementRange } from './parts.js';

/** One phase's buffers of a member, reused from step to step. They may lie on SharedArrayBuffers. */
export interface PhaseBuffers {
  /** This member's sub-tree sums, in shard order. */
  partials: readonly Float32Array[];
  /** The sum over all members; it may be the first of `partials`, which then becomes the sum part by part. */
  reduced: Float32Array;
  buckets: readonly ElementRange[];
}

interface Slot {
  buffers: PhaseBuffers;
  step: number;
  partialBuckets: number;
  reducedBuckets: Set<number>;
}

/**
 * What a member serves in one generation, and until when. Members are at most one phase apart, so each phase's buffers are
 * reused only when every peer has what they held: whoever publishes phase k + 1 has pulled all of phase k.
 */
export interface Shelf {
  buffers(phase: number): PhaseBuffers;
  /** From now on the phase's buffers belong to this step; nothing of it is served yet. */
  open(position: Position): void;
  /** The partial sums of the first `buckets` buckets are final. */
  publishPartials(position: Position, buckets: number): void;
  publishReduced(position: Position, bucket: number): void;
  /** Resolves when the partial sums of a bucket may be served; rejects with `fenced` when they never will be. */
  partials(position: Position, bucket: number, signal: AbortSignal): Promise<PhaseBuffers>;
  reduced(position: Position, bucket: number, signal: AbortSignal): Promise<PhaseBuffers>;
  /** Throws `fenced` once the generation is over: its buffers may be those of the next one then. */
  requireOpen(): void;
  /** Ends the generation: everything that waits is fenced. */
  close(): void;
}

export function createShelf(phases: readonly PhaseBuffers[]): Shelf {
  const slots: Slot[] = phases.map((buffers) => ({
    buffers,
    step: 0,
    partialBuckets: 0,
    reducedBuckets: new Set(),
  }));
  const changes = new EventEmitter();
  changes.setMaxListeners(0);
  let closed = false;

  const requireOpen = (): void => {
    if (closed) throw new GanTrainError('fenced', 'the generation is closed');
  };

  const slotOf = (phase: number): Slot => {
    const slot = slots[phase];
    if (slot === undefined) throw new GanTrainError('protocol', `there is no phase ${phase}`);
    return slot;
  };

  async function when(
    position: Position,
    bucket: number,
    signal: AbortSignal,
    isThere: (slot: Slot) => boolean,
  ): Promise<PhaseBuffers> {
    const slot = slotOf(position.phase);
    if (bucket >= slot.buffers.buckets.length) {
      throw new GanTrainError('protocol', `phase ${position.phase} has no bucket ${bucket}`);
    }
    for (;;) {
      requireOpen();
      if (slot.step > position.step) {
        throw new GanTrainError('fenced', `step ${position.step} is no longer served`);
      }
      if (slot.step === position.step && isThere(slot)) return slot.buffers;
      try {
        await once(changes, 'change', { signal });
      } catch (error) {
        throw new GanTrainError('cancelled', 'nobody waits any more', undefined, error);
      }
    }
  }

  return {
    buffers: (phase) => slotOf(phase).buffers,
    open(position) {
      const slot = slotOf(position.phase);
      slot.step = position.step;
      slot.partialBuckets = 0;
      slot.reducedBuckets.clear();
      changes.emit('change');
    },
    publishPartials(position, buckets) {
      slotOf(position.phase).partialBuckets = buckets;
      changes.emit('change');
    },
    publishReduced(position, bucket) {
      slotOf(position.phase).reducedBuckets.add(bucket);
      changes.emit('change');
    },
    partials: async (position, bucket, signal) =>
      when(position, bucket, signal, (slot) => slot.partialBuckets > bucket),
    reduced: async (position, bucket, signal) =>
      when(position, bucket, signal, (slot) => slot.reducedBuckets.has(bucket)),
    requireOpen,
    close() {
      closed = true;
      changes.emit('change');
    },
  };
}
