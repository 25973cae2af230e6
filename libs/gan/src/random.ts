/**
 * Counter-based randomness: every random number of a run is a function of (seed, what it is for, where it is used),
 * never of a rank, an order of calls or a hidden state.
 *
 * Philox 4x32-10: Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3" (SC 2011). The key is the
 * seed; the four counter words are
 *
 *   [ block within the item | item position | step | purpose + 2^8 phase + 2^16 layer ]
 *
 * where each block yields four 32-bit words. What the words of a purpose stand for is said at the function that
 * draws them.
 */

/** What a random number is for. Part of a run's identity: a value is never given a new meaning. */
export const purposes = {
  init: 0,
  noise: 1,
  order: 2,
  labels: 3,
  augment: 4,
  dropout: 5,
  grid: 6,
  probe: 7,
} as const;

/** Where in a run a stream of random numbers is used; phase and layer default to 0. */
export interface StreamPosition {
  purpose: (typeof purposes)[keyof typeof purposes];
  /** Below 2^32. */
  item: number;
  /** Below 2^32. */
  step: number;
  /** Below 256. */
  phase?: number;
  /** Below 65536. */
  layer?: number;
}

type Words = Uint32Array | number[];

/** Philox 4x32-10 of one counter: four 32-bit words. */
export function philox4x32(
  key: readonly [number, number],
  counter: readonly [number, number, number, number],
): Uint32Array {
  const out = new Uint32Array(4);
  philoxInto(out, key[0], key[1], counter[0], counter[1], counter[2], counter[3]);
  return out;
}

/** `philox4x32` into the first four elements of `out`, without an allocation. */
export function philoxInto(
  out: Words,
  key0: number,
  key1: number,
  counter0: number,
  counter1: number,
  counter2: number,
  counter3: number,
): void {
  let [k0, k1, c0, c1, c2, c3] = [key0, key1, counter0, counter1, counter2, counter3];
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    const low0 = Math.imul(0xd2511f53, c0);
    const low1 = Math.imul(0xcd9e8d57, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  out[0] = c0 >>> 0;
  out[1] = c1 >>> 0;
  out[2] = c2 >>> 0;
  out[3] = c3 >>> 0;
}

/** Fills `out` with numbers spread uniformly between `low` and `high`, rounded to float32 at the end. */
export function fillUniform(
  out: Float32Array,
  seed: number,
  at: StreamPosition,
  low: number,
  high: number,
): void {
  const next = createWordStream(seed, at);
  for (let i = 0; i < out.length; i++) out[i] = low + (high - low) * unitFromWord(next());
}

/**
 * Fills `out` with normal numbers: Box and Muller's transform of pairs of uniform numbers, in float64, rounded to
 * float32 at the end. No value is further than 5.8 standard deviations from the mean.
 */
export function fillGaussian(
  out: Float32Array,
  seed: number,
  at: StreamPosition,
  mean: number,
  deviation: number,
): void {
  const next = createWordStream(seed, at);
  for (let i = 0; i < out.length; i += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log(unitFromWord(next())));
    const angle = 2 * Math.PI * unitFromWord(next());
    out[i] = mean + radius * Math.cos(angle);
    if (i + 1 < out.length) out[i + 1] = mean + radius * Math.sin(angle);
  }
}

/**
 * The order of `length` items in an epoch: an unbiased Fisher-Yates shuffle. Counter: item 0, step = epoch, layer 0.
 *
 * @param epoch below 2^32
 * @param length below 2^32
 */
export function permutation(seed: number, epoch: number, length: number): Uint32Array {
  const next = createWordStream(seed, { purpose: purposes.order, item: 0, step: epoch });
  const order = Uint32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = drawBelow(i + 1, next);
    const swapped = order[i]!;
    order[i] = order[j]!;
    order[j] = swapped;
  }
  return order;
}

/**
 * The item drawn, with replacement, for the given position in a run's sequence of items; unbiased. Counter: item =
 * the position's low 32 bits, step = its high bits, layer 1, which keeps it apart from `permutation`.
 *
 * @param position any safe integer from 0
 * @param length number of items to draw from, from 1 to 2^32 - 1
 */
export function randomIndex(seed: number, position: number, length: number): number {
  const [item, step] = wordsFromInteger(position);
  return drawBelow(length, createWordStream(seed, { purpose: purposes.order, item, step, layer: 1 }));
}

/** The 32-bit words of the stream at a position, one a call. */
function createWordStream(seed: number, at: StreamPosition): () => number {
  const [key0, key1] = wordsFromInteger(seed);
  const last = (at.purpose | ((at.phase ?? 0) << 8) | ((at.layer ?? 0) << 16)) >>> 0;
  const words = new Uint32Array(4);
  let block = 0;
  let used = 4;
  return () => {
    if (used === 4) {
      philoxInto(words, key0, key1, block++, at.item, at.step, last);
      used = 0;
    }
    return words[used++]!;
  };
}

/**
 * A float32 of the open interval (0, 1): an odd multiple of 2^-24, made of the word's upper 23 bits and a last bit
 * that is always set. Exact in float32, symmetric about 1/2, never 0 or 1 (a 24-bit integer plus a half would round to 1).
 */
function unitFromWord(word: number): number {
  return ((word >>> 8) | 1) * 2 ** -24;
}

/** A whole number of [0, bound) without bias: words beyond the last multiple of `bound` are thrown away. */
function drawBelow(bound: number, next: () => number): number {
  const limit = 2 ** 32 - (2 ** 32 % bound);
  let word = next();
  while (word >= limit) word = next();
  return word % bound;
}

/** Low and high 32 bits of a safe integer, in two's complement. */
function wordsFromInteger(value: number): [number, number] {
  return [value >>> 0, Math.floor(value / 2 ** 32) >>> 0];
}

/** Upper 32 bits of the unsigned product of two 32-bit words. */
function multiplyHigh(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carried = (middle & 0xffff) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carried / 65536)) | 0;
}
