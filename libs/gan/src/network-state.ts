/**
 * Where a network's state lies: with its shadow, in one WebAssembly memory, so that the update (assembly/update.ts) reads the
 * one and writes the other without a copy, and with an ArrayBuffer, not shared, that engines read weights from in place.
 */
import { instantiateUpdate } from './gen/update-wasm.js';
import type { NetworkLayout } from './layout.js';

/** All that a network's next phase depends on. */
export interface NetworkState {
  /** Laid out by `NetworkLayout`: trainable weights, then running statistics. */
  weights: Float32Array;
  /** Adam's first moments, of trainableLength. */
  m: Float32Array;
  /** Adam's second moments, of trainableLength. */
  v: Float32Array;
  /** Of the generator: the exponential moving average of `weights`, laid out as they are. Empty for the discriminator. */
  ema: Float32Array;
  /** Updates that were applied: Adam's t. */
  updates: number;
}

/** What assembly/update.ts exports. Addresses are those of `addressOf`. */
export interface UpdateKernel {
  begin(perShard: number, oneLessBeta1: number, oneLessBeta2: number, rate: number, epsilon: number): void;
  squares(): number;
  adam(
    count: number,
    sums: number,
    weights: number,
    m: number,
    v: number,
    nextWeights: number,
    nextM: number,
    nextV: number,
  ): void;
  moveAverage(count: number, values: number, average: number, next: number, share: number): void;
}

export interface StateMemory {
  readonly kernel: UpdateKernel;
  /** Where sums are put for the kernel, a tile at a time. */
  readonly tile: Float32Array;
}

/** Elements of a tile: it stays in a core's cache from its copy to its use. */
const tileElements = 16_384;
/** Below it lies what AssemblyScript reserves. */
const firstByte = 1_024;
const pageBytes = 65_536;
const mostBytes = 65_536 * pageBytes;

const partners = new WeakMap<NetworkState, { shadow: NetworkState; memory: StateMemory }>();

/**
 * A network's state of the right sizes, all zero, with a shadow in the same memory.
 *
 * @throws Error when the network is larger than a WebAssembly memory (4 GiB: about 170 million weights), or than what is free
 */
export function createState(layout: NetworkLayout): NetworkState {
  const { network, length, trainableLength } = layout;
  const lengths = [length, trainableLength, trainableLength, network === 'generator' ? length : 0];
  // The space between arrays that are used together keeps their pages from falling on the same lines of a cache.
  const sizes = [tileElements, ...lengths, ...lengths].map((count, i) => alignedBytes(count) + 320 * i);
  const offsets = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, firstByte));
  const memory = allocate(network, firstByte + sizes.reduce((sum, size) => sum + size, 0));
  const floats = (index: number, count: number): Float32Array =>
    new Float32Array(memory.buffer, offsets[index], count);
  const stateAt = (first: number): NetworkState => {
    const [weights, m, v, ema] = lengths.map((count, i) => floats(first + i, count)) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    return { weights, m, v, ema, updates: 0 };
  };
  const [state, shadow] = [stateAt(1), stateAt(1 + lengths.length)];
  const kernel = instantiateUpdate(memory) as UpdateKernel;
  const shared: StateMemory = { kernel, tile: floats(0, tileElements) };
  partners.set(state, { shadow, memory: shared });
  partners.set(shadow, { shadow: state, memory: shared });
  return state;
}

/** The state that a state's next one is computed into; its own shadow in turn is `state`. */
export const shadowOf = (state: NetworkState): NetworkState => partnerOf(state).shadow;

/** Where a state and its shadow lie. */
export const memoryOf = (state: NetworkState): StateMemory => partnerOf(state).memory;

/** Of an array in a state's memory, from one of its elements on. */
export const addressOf = (values: Float32Array, element = 0): number => values.byteOffset + 4 * element;

function partnerOf(state: NetworkState) {
  const partner = partners.get(state);
  if (partner === undefined) throw new Error('a state that createState did not make has no shadow');
  return partner;
}

/** A state and its shadow lie alike towards multiples of 64 bytes, so that no engine can compute other bits from the one. */
const alignedBytes = (count: number): number => 64 * Math.ceil(count / 16);

function allocate(network: string, sizeBytes: number): WebAssembly.Memory {
  const needs = `the ${network}'s state needs ${(sizeBytes / 2 ** 30).toFixed(1)} GiB`;
  if (sizeBytes > mostBytes) throw new Error(`${needs}, and 4 GiB is the most: take a smaller width or size`);
  const pages = Math.ceil(sizeBytes / pageBytes);
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch (error) {
    throw new Error(`${needs}, which this machine can't give`, { cause: error });
  }
}
