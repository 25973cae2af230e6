/** Sums of floats by a WebAssembly kernel (assembly/add.ts), which takes a third of the time of a loop here. */
import { instantiateAdd } from './gen/add-wasm.js';

/** What assembly/add.ts exports. Addresses are bytes in its memory. */
interface AddKernel {
  add(count: number, left: number, right: number, sum: number): void;
}

/** Elements of a tile: the kernel's three stay in a core's cache from their copy to their use. */
const tileElements = 16_384;
/** From one tile to the next: one more element for the shift, and 3 for the kernel, which goes 4 at a time. */
const tileStride = tileElements + 4;
/** Below it lies what AssemblyScript reserves. */
const firstElement = 256;
/** Of WebAssembly's memory: room for three tiles. */
const pagesOfTiles = 4;

/**
 * `out[i] = left[i] + right[i]`, each sum rounded to float32. `out` may be one of the two. The kernel sees no memory but its own, so
 * they are copied into it and out of it, a tile at a time.
 *
 * @throws RangeError when the lengths differ
 */
export function addFloats(out: Float32Array, left: Float32Array, right: Float32Array): void {
  const { length } = out;
  if (left.length !== length || right.length !== length) {
    throw new RangeError(`${left.length} and ${right.length} floats have no sum of ${length}`);
  }
  const { kernel, floats } = (tiles ??= createTiles());
  const [leftTile, rightTile, sumTile] = [tileLike(left, 0), tileLike(right, 1), tileLike(out, 2)];
  for (let at = 0; at < length; at += tileElements) {
    const end = Math.min(at + tileElements, length);
    floats.set(left.subarray(at, end), leftTile);
    floats.set(right.subarray(at, end), rightTile);
    kernel.add(end - at, 4 * leftTile, 4 * rightTile, 4 * sumTile);
    out.set(floats.subarray(sumTile, sumTile + end - at), at);
  }
}

/**
 * A tile's first element in the kernel's memory. It lies as `values` do towards multiples of 8 bytes: else V8 copies from and to
 * shared memory byte by byte.
 */
const tileLike = (values: Float32Array, index: number): number =>
  firstElement + index * tileStride + ((values.byteOffset / 4) % 2);

interface Tiles {
  kernel: AddKernel;
  /** The kernel's memory. */
  floats: Float32Array;
}

/** Made when they are first used: who adds nothing has none. */
let tiles: Tiles | undefined;

function createTiles(): Tiles {
  const memory = new WebAssembly.Memory({ initial: pagesOfTiles, maximum: pagesOfTiles });
  return { kernel: instantiateAdd(memory) as AddKernel, floats: new Float32Array(memory.buffer) };
}
