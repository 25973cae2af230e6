import { chunkBytes, encodeChunk, type CheckpointHeaderMessage, type GenerationId } from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import type { StateSnapshot } from '../comm-calls.js';

/**
 * A member's slice of the state that it starts a generation with, for those that take that over: a copy, so that it stays as it was
 * while this member computes.
 */
export interface HeldState {
  hold(snapshot: StateSnapshot): void;
  /** The copy is wanted no more: everybody has it. */
  release(): void;
  /** Waits for the copy. Throws `fenced` when the generation ends first, or when it was released. */
  describe(request: { runId: string; generation: GenerationId }): Promise<CheckpointHeaderMessage>;
  /**
   * Chunks of bytes [start, end), or one that says how many bytes `put` has taken in their place. Throws as `describe`, and `protocol`
   * for a range that there is not.
   */
  slices(
    start: number,
    end: number,
    put?: (start: number, bytes: Uint8Array) => boolean,
  ): AsyncGenerator<Buffer, void, void>;
  close(): void;
}

const nothing = new Uint8Array(0);

export function createHeldState(closed: AbortSignal): HeldState {
  const over = (): GanTrainError => new GanTrainError('fenced', 'the state is not held here any more');
  let settle: (snapshot: StateSnapshot) => void = () => undefined;
  let refuse: (error: GanTrainError) => void = () => undefined;
  let snapshot = new Promise<StateSnapshot>((resolve, reject) => {
    settle = resolve;
    refuse = reject;
  });
  // Who asks learns of it.
  snapshot.catch(() => undefined);
  const end = (): void => {
    refuse(over());
    snapshot = Promise.reject(over());
    snapshot.catch(() => undefined);
  };
  return {
    hold: (held) => settle(held),
    release: end,
    async describe({ runId, generation }) {
      const { tensors, updates, row, purpose, state, skippedInRow } = await snapshot;
      return {
        runId,
        generation,
        purpose,
        state,
        tensors: tensors.map(({ name, shape }) => ({ name, shape: [...shape] })),
        generatorUpdates: updates.generator,
        discriminatorUpdates: updates.discriminator,
        skippedInRow,
        ...(row && { row }),
      };
    },
    async *slices(start, end, put) {
      const { data, start: first } = await snapshot;
      const last = first + data.byteLength;
      if (start < first || start > end || end > last || start % 4 !== 0 || end % 4 !== 0) {
        const what = `there are no bytes ${start} to ${end} in a slice from ${first} to ${last}`;
        throw new GanTrainError('protocol', what);
      }
      const bytes = new Uint8Array(data, start - first, end - start);
      if (put?.(start, bytes) === true) {
        yield encodeChunk(bytes.length, nothing);
        return;
      }
      for (let at = 0; at < bytes.length; at += chunkBytes) {
        if (closed.aborted) throw over();
        yield encodeChunk(at, bytes.subarray(at, at + chunkBytes));
      }
    },
    close: end,
  };
}
