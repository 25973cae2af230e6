import type { Triple } from '@gan-train/rpc';

/**
 * What the two threads of a trainer must agree on without a message: the compute thread is deaf while tensors compute.
 * Int32 words on one SharedArrayBuffer.
 */
const words = {
  /** 0 closed, 1 open, 2 the compute thread is flipping buffers. */
  generation: 0,
  committedStep: 1,
  committedPhase: 2,
  committedTerm: 3,
  committedN: 4,
  nowStep: 5,
  nowPhase: 6,
  activity: 7,
  shardsDone: 8,
  stopRequested: 9,
} as const;

export const activities = ['IDLE', 'COMPUTING', 'WAITING_PEER', 'WAITING_DATA', 'COMPILING'] as const;
export type Activity = (typeof activities)[number];

export interface Control {
  readonly buffer: SharedArrayBuffer;
  openGeneration(): void;
  isOpen(): boolean;
  /**
   * Closes the generation: nothing commits once this returned. Waits out a flip that is under way, which is
   * a matter of microseconds. Only the communication thread calls it.
   */
  closeGeneration(): void;
  /** Runs `flip` if the generation is still open, as one move: `committed` is the triple afterwards. */
  commit(committed: Triple, flip: () => void): boolean;
  /** The triple of the last commit. */
  committed(): Triple;
  setCommitted(triple: Triple): void;
  report(at: { step: number; phase: number; activity: Activity; shardsDone: number }): void;
  progress(): { step: number; phase: number; activity: Activity; shardsDone: number };
  requestStop(): void;
  stopRequested(): boolean;
}

export const createControlBuffer = (): SharedArrayBuffer =>
  new SharedArrayBuffer(4 * Object.keys(words).length);

export function controlFromBuffer(buffer: SharedArrayBuffer): Control {
  const view = new Int32Array(buffer);
  const get = (word: number): number => Atomics.load(view, word);
  const set = (word: number, value: number): void => void Atomics.store(view, word, value);

  const setCommitted = ({ generation, position }: Triple): void => {
    set(words.committedStep, position.step);
    set(words.committedPhase, position.phase);
    set(words.committedTerm, generation.term);
    set(words.committedN, generation.n);
  };
  return {
    buffer,
    openGeneration: () => set(words.generation, 1),
    isOpen: () => get(words.generation) !== 0,
    closeGeneration() {
      while (Atomics.compareExchange(view, words.generation, 1, 0) === 2)
        Atomics.wait(view, words.generation, 2, 1);
    },
    commit(committed, flip) {
      if (Atomics.compareExchange(view, words.generation, 1, 2) !== 1) return false;
      flip();
      setCommitted(committed);
      set(words.generation, 1);
      Atomics.notify(view, words.generation);
      return true;
    },
    committed: () => ({
      generation: { term: get(words.committedTerm), n: get(words.committedN) },
      position: { step: get(words.committedStep), phase: get(words.committedPhase) },
    }),
    setCommitted,
    report({ step, phase, activity, shardsDone }) {
      set(words.nowStep, step);
      set(words.nowPhase, phase);
      set(words.activity, activities.indexOf(activity));
      set(words.shardsDone, shardsDone);
    },
    progress: () => ({
      step: get(words.nowStep),
      phase: get(words.nowPhase),
      activity: activities[get(words.activity)] ?? 'IDLE',
      shardsDone: get(words.shardsDone),
    }),
    requestStop: () => set(words.stopRequested, 1),
    stopRequested: () => get(words.stopRequested) === 1,
  };
}
