/**
 * Sums of floats, 4 at a time, in AssemblyScript: `npm run generate` compiles it to src/gen/add-wasm.ts. WebAssembly defines the
 * addition to the bit (float32, rounded to nearest), as JavaScript does the same sum stored to a Float32Array.
 */

/**
 * Of `count` elements. Addresses are bytes in the imported memory, of any alignment; what is read and written reaches to the
 * next multiple of 4 elements.
 */
export function add(count: i32, left: usize, right: usize, sum: usize): void {
  const end = (<usize>count) << 2;
  for (let at: usize = 0; at < end; at += 16) {
    v128.store(sum + at, f32x4.add(v128.load(left + at), v128.load(right + at)));
  }
}
