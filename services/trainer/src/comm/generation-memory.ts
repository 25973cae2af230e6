import { createSharedMemory, type Group, type SharedMemory } from '@gan-train/collective';

/**
 * What one generation leaves to the next. The system gives memory when it is first written to, which takes long, and all others would
 * wait for it in a generation's first phase. Nothing of a closed generation reads or writes it any more.
 */
export interface GenerationMemory {
  /** What members on this host read from. */
  readonly shared: SharedMemory;
  /** For what is pulled. */
  readonly spare: Group['spare'];
  /** Makes buffers of these sizes in bytes, and writes to all of their memory, for a generation that is to come. */
  prepare(sizes: readonly number[]): void;
  /** All buffers of a generation, by their sizes; those of the generation before where they fit. */
  buffers(sizes: readonly number[]): SharedArrayBuffer[];
}

export function createGenerationMemory(): GenerationMemory {
  let present: SharedArrayBuffer[] = [];
  return {
    shared: createSharedMemory(),
    spare: new Map(),
    prepare(sizes) {
      present = sizes.map((size) => new SharedArrayBuffer(size));
      for (const buffer of present) new Uint8Array(buffer).fill(0);
    },
    buffers(sizes) {
      const free = [...present];
      present = sizes.map((size) => {
        const i = free.findIndex(({ byteLength }) => byteLength === size);
        const [kept] = i < 0 ? [] : free.splice(i, 1);
        return kept ?? new SharedArrayBuffer(size);
      });
      return [...present];
    },
  };
}
