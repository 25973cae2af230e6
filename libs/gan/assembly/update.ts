/**
 * The update of a network's flat buffers, 4 elements at a time, in AssemblyScript: `npm run generate` compiles it to
 * src/gen/update-wasm.ts. WebAssembly defines every operation here to the bit (float32, rounded to nearest, no fused
 * multiply-add), so any machine gets the same result, at the speed of its memory.
 *
 * Addresses are bytes in the imported memory, multiples of 16. Counts are elements; the memory behind them reaches to the
 * next multiple of 4, and what lies there is 0 and stays 0.
 */

/** A gradient below 2^-60 counts as 0, and so does a moment below 2^-100: their products would be subnormal, which CPUs compute ~100 times slower. */
const leastGradient: f32 = 8.673617379884035e-19;
const leastMoment: f32 = 7.888609052210118e-31;

/** Sums of squares in float64, one a lane: elements 0 and 1 modulo 4, then 2 and 3. */
let squaresLow: v128 = f64x2.splat(0);
let squaresHigh: v128 = f64x2.splat(0);

let perShard: v128 = f32x4.splat(0);
let move1: v128 = f32x4.splat(0);
let move2: v128 = f32x4.splat(0);
let rate: v128 = f32x4.splat(0);
let epsilon: v128 = f32x4.splat(0);

/** Begins an update: its constants, and no squares yet. */
export function begin(
  shardShare: f32,
  oneLessBeta1: f32,
  oneLessBeta2: f32,
  stepSize: f32,
  least: f32,
): void {
  squaresLow = f64x2.splat(0);
  squaresHigh = f64x2.splat(0);
  perShard = f32x4.splat(shardShare);
  move1 = f32x4.splat(oneLessBeta1);
  move2 = f32x4.splat(oneLessBeta2);
  rate = f32x4.splat(stepSize);
  epsilon = f32x4.splat(least);
}

/** The sum of the squares of all mean gradients since `begin`. */
export function squares(): f64 {
  return (
    f64x2.extract_lane(squaresLow, 0) +
    f64x2.extract_lane(squaresLow, 1) +
    (f64x2.extract_lane(squaresHigh, 0) + f64x2.extract_lane(squaresHigh, 1))
  );
}

/**
 * Adam on `count` elements. With g = perShard * sum, in this order, each operation rounded:
 * m' = m + (g - m) move1; v' = v + (g g - v) move2; w' = w - (rate m') / (sqrt(v') + epsilon).
 */
export function adam(
  count: i32,
  sums: usize,
  weights: usize,
  m: usize,
  v: usize,
  nextWeights: usize,
  nextM: usize,
  nextV: usize,
): void {
  let low = squaresLow;
  let high = squaresHigh;
  const end = (<usize>count) << 2;
  for (let at: usize = 0; at < end; at += 16) {
    let gradient = f32x4.mul(v128.load(sums + at), perShard);
    const first = f64x2.promote_low_f32x4(gradient);
    const second = f64x2.promote_low_f32x4(v128.shuffle<f32>(gradient, gradient, 2, 3, 2, 3));
    low = f64x2.add(low, f64x2.mul(first, first));
    high = f64x2.add(high, f64x2.mul(second, second));
    gradient = orZero(gradient, leastGradient);
    const oldM = v128.load(m + at);
    const oldV = v128.load(v + at);
    const newM = orZero(f32x4.add(oldM, f32x4.mul(f32x4.sub(gradient, oldM), move1)), leastMoment);
    const square = f32x4.mul(gradient, gradient);
    const newV = orZero(f32x4.add(oldV, f32x4.mul(f32x4.sub(square, oldV), move2)), leastMoment);
    const step = f32x4.div(f32x4.mul(rate, newM), f32x4.add(f32x4.sqrt(newV), epsilon));
    v128.store(nextM + at, newM);
    v128.store(nextV + at, newV);
    v128.store(nextWeights + at, f32x4.sub(v128.load(weights + at), step));
  }
  squaresLow = low;
  squaresHigh = high;
}

/** A moving average on `count` elements: next = average + (values - average) share. */
export function moveAverage(count: i32, values: usize, average: usize, next: usize, share: f32): void {
  const shares = f32x4.splat(share);
  const end = (<usize>count) << 2;
  for (let at: usize = 0; at < end; at += 16) {
    const old = v128.load(average + at);
    const moved = f32x4.mul(f32x4.sub(v128.load(values + at), old), shares);
    v128.store(next + at, f32x4.add(old, moved));
  }
}

/** Lanes whose absolute value is below `least` become 0; NaN stays. */
function orZero(values: v128, least: f32): v128 {
  return v128.andnot(values, f32x4.lt(f32x4.abs(values), f32x4.splat(least)));
}
