/** For tests: floats whose sum depends on the order, from a seed. */
export function awkwardFloats(length: number, seed: number): Float32Array<ArrayBuffer> {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const special = [0, -0, 1e-45, -1e-40, 3e38, Infinity];
  return Float32Array.from({ length }, () => {
    if (next() < 0.02) return special[Math.floor(next() * special.length)] ?? 0;
    return (next() - 0.5) * 10 ** Math.floor(next() * 16 - 8);
  });
}

/**
 * The sum over a power of two of shards, straight from its definition: halves are summed apart, then added. Each sum is rounded
 * to float32.
 */
export function treeSum(values: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const [only] = values;
  if (only !== undefined && values.length === 1) return Float32Array.from(only);
  const left = treeSum(values.slice(0, values.length / 2));
  const right = treeSum(values.slice(values.length / 2));
  return left.map((value, i) => Math.fround(value + (right[i] as number)));
}

/** Bits to compare, as hex: tells -0 from 0. All NaNs are one: their payload is the processor's. */
export function bitsOf(values: Float32Array): string {
  const canonical = values.map((value) => (Number.isNaN(value) ? NaN : value));
  return Buffer.from(canonical.buffer).toString('hex');
}
