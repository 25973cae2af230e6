import { chunkBytes, encodeChunk, type CheckpointHeaderMessage, type GenerationId } from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import type { StateSnapshot } from '../comm-calls.js';

/**
 * The state that a member starts a generation with, as those that take it over see it: a copy, so that it stays as it was while
 * this member computes.
 */
export interface HeldState {
  hold(snapshot: StateSnapshot): void;
  /** The copy is wanted no more: everybody has it. */
  release(): void;
  /** Waits for the copy. Throws `fenced` when the generation ends first, or when it was released. */
  describe(request: { runId: string; generation: GenerationId }): Promise<CheckpointHeaderMessage>;
  /** Chunks of bytes [start, end). Throws as `describe`, and `protocol` for a range that there is not. */
  slices(start: number, end: number): AsyncGenerator<Buffer, void, void>;
  close(): void;
}

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
    async *slices(start, end) {
      const { data } = await snapshot;
      if (start > end || end > data.byteLength || start % 4 !== 0 || end % 4 !== 0)
        throw new GanTrainError('protocol', `there are no bytes ${start} to ${end} of ${data.byteLength}`);
      for (let at = start; at < end; at += chunkBytes) {
        if (closed.aborted) throw over();
        yield encodeChunk(at - start, new Uint8Array(data, at, Math.min(chunkBytes, end - at)));
      }
    },
    close: end,
  };
}
