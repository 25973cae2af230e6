import type { LossRow, Triple } from '@gan-train/rpc';

/**
 * What the two threads of a trainer must agree on without a message: the compute thread is deaf while tensors compute.
 * Int32 words on one SharedArrayBuffer, and behind them the rows of the last steps.
 */
const words = {
  /** Serial number of the open generation; negative while the compute thread is flipping buffers; 0 when none is open. */
  generation: 0,
  committedStep: 1,
  committedPhase: 2,
  committedTerm: 3,
  committedN: 4,
  nowStep: 5,
  nowPhase: 6,
  activity: 7,
  shardsDone: 8,
  stopWished: 9,
  pauseWished: 10,
  /** Odd while a triple is being written. */
  version: 11,
  shardMicroseconds: 12,
  /** Rows that were ever written. */
  rows: 13,
} as const;

const rowFields = ['step', 'dLoss', 'gLoss', 'dReal', 'dFake', 'imagesPerSecond', 'skippedPhases'] as const;
/** The compute thread waits for an answer of the other one in every step or two. */
const keptRows = 8;
const rowsOffset = 8 * Math.ceil(Object.keys(words).length / 2);

export const activities = [
  'IDLE',
  'COMPUTING',
  'WAITING_PEER',
  'WAITING_DATA',
  'COMPILING',
  'HEALING',
] as const;
export type Activity = (typeof activities)[number];

export interface TrainerProgress {
  step: number;
  phase: number;
  activity: Activity;
  shardsDone: number;
}

export interface Control {
  readonly buffer: SharedArrayBuffer;
  /** From now on commits of this generation are taken, and of no other. Serial numbers count from 1. Only the communication thread calls it. */
  openGeneration(serial: number): void;
  isOpen(serial: number): boolean;
  /**
   * Closes the generation: nothing commits once this returned. Waits out a flip that is under way, which is
   * a matter of microseconds. Only the communication thread calls it.
   */
  closeGeneration(): void;
  /**
   * Runs `flip` if that generation is still open, as one move: `committed` is the triple afterwards, and `row` is among the rows of
   * finished steps.
   */
  commit(serial: number, committed: Triple, flip: () => void, row?: LossRow): boolean;
  /** Rows of steps that were committed since the last call. Only the communication thread calls it. */
  takeRows(): LossRow[];
  /** The triple of the last commit. */
  committed(): Triple;
  setCommitted(triple: Triple): void;
  report(at: TrainerProgress): void;
  progress(): TrainerProgress;
  /** How long a shard takes, in seconds. */
  reportShard(seconds: number): void;
  shardSeconds(): number;
  /** The run is to end after a step that the members agree on. */
  wishStop(): void;
  stopWished(): boolean;
  /** The open generation is to end after a phase that the members agree on. */
  wishPause(): void;
  pauseWished(): boolean;
}

export const createControlBuffer = (): SharedArrayBuffer =>
  new SharedArrayBuffer(rowsOffset * 4 + 8 * rowFields.length * keptRows);

export function controlFromBuffer(buffer: SharedArrayBuffer): Control {
  const view = new Int32Array(buffer, 0, rowsOffset);
  const rows = new Float64Array(buffer, 4 * rowsOffset);
  const rowAt = (index: number): Float64Array =>
    rows.subarray((index % keptRows) * rowFields.length).subarray(0, rowFields.length);
  let taken = 0;
  const get = (word: number): number => Atomics.load(view, word);
  const set = (word: number, value: number): void => void Atomics.store(view, word, value);

  const setCommitted = ({ generation, position }: Triple): void => {
    Atomics.add(view, words.version, 1);
    set(words.committedStep, position.step);
    set(words.committedPhase, position.phase);
    set(words.committedTerm, generation.term);
    set(words.committedN, generation.n);
    Atomics.add(view, words.version, 1);
  };
  return {
    buffer,
    openGeneration(serial) {
      set(words.pauseWished, 0);
      set(words.generation, serial);
    },
    isOpen: (serial) => Math.abs(get(words.generation)) === serial,
    closeGeneration() {
      for (;;) {
        const serial = get(words.generation);
        if (serial < 0) Atomics.wait(view, words.generation, serial, 1);
        else if (Atomics.compareExchange(view, words.generation, serial, 0) === serial) return;
      }
    },
    commit(serial, committed, flip, row) {
      if (Atomics.compareExchange(view, words.generation, serial, -serial) !== serial) return false;
      flip();
      if (row !== undefined) {
        rowAt(get(words.rows)).set(rowFields.map((field) => row[field]));
        Atomics.add(view, words.rows, 1);
      }
      setCommitted(committed);
      set(words.generation, serial);
      Atomics.notify(view, words.generation);
      return true;
    },
    takeRows() {
      const written = get(words.rows);
      if (written - taken > keptRows) throw new Error(`${written - taken} rows were not taken in time`);
      const indices = Array.from({ length: written - taken }, (_, i) => taken + i);
      taken = written;
      return indices.map((index) => {
        const values = rowAt(index);
        return Object.fromEntries(rowFields.map((field, i) => [field, values[i]])) as unknown as LossRow;
      });
    },
    committed() {
      for (;;) {
        const version = get(words.version);
        const triple = {
          generation: { term: get(words.committedTerm), n: get(words.committedN) },
          position: { step: get(words.committedStep), phase: get(words.committedPhase) },
        };
        // Another thread may write meanwhile: half of one triple and half of the next is none.
        if (version % 2 === 0 && get(words.version) === version) return triple;
      }
    },
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
    reportShard: (seconds) => set(words.shardMicroseconds, Math.min(2 ** 31 - 1, Math.ceil(1e6 * seconds))),
    shardSeconds: () => get(words.shardMicroseconds) / 1e6,
    wishStop: () => set(words.stopWished, 1),
    stopWished: () => get(words.stopWished) === 1,
    wishPause: () => set(words.pauseWished, 1),
    pauseWished: () => get(words.pauseWished) === 1,
  };
}
