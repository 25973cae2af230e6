import { GanTrainError } from '@gan-train/service';
import { forEachBounded } from './bounded.js';

export interface ItemReaderOptions {
  readonly count: number;
  /** Pixels of an item. */
  readonly itemBytes: number;
  /** Bytes of decoded items to keep; the first ones that are read stay. */
  readonly cacheBytes: number;
  /** The pixels of one item. */
  readonly decode: (index: number) => Promise<Uint8Array>;
}

export interface ItemReader {
  /** Keeps an item that was decoded already, if there is room. */
  readonly offer: (index: number, pixels: Uint8Array) => void;
  readonly readItems: (indices: Uint32Array) => Promise<Uint8Array>;
  readonly close: () => void;
}

/**
 * Reads items by index, from memory where they are kept, else decoded again. Nothing is ever evicted: every epoch comes
 * by every item once, so one that is kept is as good as any other. Calls decode one after another, so that many of them
 * don't multiply the memory in use.
 */
export function createItemReader({ count, itemBytes, cacheBytes, decode }: ItemReaderOptions): ItemReader {
  const kept = new Map<number, Uint8Array>();
  const room = Math.floor(cacheBytes / itemBytes);
  let closed = false;
  let decoding: Promise<unknown> = Promise.resolve();

  const offer = (index: number, pixels: Uint8Array): void => {
    if (kept.size < room && !closed) kept.set(index, pixels);
  };

  const decodeMissing = async (indices: Uint32Array, places: number[], items: Uint8Array): Promise<void> => {
    await forEachBounded(places.length, async (at) => {
      const place = places[at] ?? 0;
      const index = indices[place] ?? 0;
      const pixels = kept.get(index) ?? (await decode(index));
      offer(index, pixels);
      items.set(pixels, place * itemBytes);
    });
  };

  return {
    offer,
    async readItems(indices) {
      if (closed) throw new GanTrainError('internal', 'the data set is closed');
      const items = new Uint8Array(indices.length * itemBytes);
      const missing: number[] = [];
      indices.forEach((index, place) => {
        if (index >= count)
          throw new GanTrainError('internal', `there is no item ${index}; there are ${count}`);
        const pixels = kept.get(index);
        if (pixels) items.set(pixels, place * itemBytes);
        else missing.push(place);
      });
      if (missing.length > 0) {
        const turn = decoding.then(() => decodeMissing(indices, missing, items));
        decoding = turn.catch(() => undefined); // a failure belongs to its own caller
        await turn;
      }
      return items;
    },
    close() {
      closed = true;
      kept.clear();
    },
  };
}
