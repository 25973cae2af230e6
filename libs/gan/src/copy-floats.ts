/**
 * `target.set(values, offset)`, quickly on shared memory too: there V8 copies byte by byte (2 GB/s) unless source and target lie alike
 * towards multiples of 8 bytes, as neighbouring tensors of odd lengths don't. A detour through a small array makes them.
 */
export function copyFloats(target: Float32Array, offset: number, values: Float32Array): void {
  if (!(target.buffer instanceof SharedArrayBuffer)) {
    target.set(values, offset);
    return;
  }
  for (let at = 0; at < values.length; at += detourElements) {
    const piece = values.subarray(at, at + detourElements);
    const shift = ((target.byteOffset + 4 * (offset + at)) % 8) / 4;
    detour.set(piece, shift);
    target.set(detour.subarray(shift, shift + piece.length), offset + at);
  }
}

/** Small enough to stay in a core's cache between the two copies. */
const detourElements = 8_192;
const detour = new Float32Array(detourElements + 1);
