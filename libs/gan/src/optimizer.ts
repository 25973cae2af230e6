/** The update of a network, computed by every replica from the same bits in the same order, so with the same result. */
import type { PhaseLayout } from './layout.js';
import type { AdamOptions } from './presets.js';

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

export interface PhaseResult {
  /** Whether `shadow` holds the next state; otherwise it holds nothing. */
  committed: boolean;
  /** The means over the shards, by the names of the phase's scalars. */
  scalars: Record<string, number>;
  /** Euclidean norm of the mean gradient. */
  gradientNorm: number;
}

/** Share of itself that the moving average keeps at an update, after the first 8,990. */
const emaDecay = 0.999;

const largestFloat32 = 3.4028234663852886e38;

/**
 * Computes a network's next state into `shadow`; `state` is only read. The gradient is `reduced / shards`; the weights
 * move by Adam, the running statistics by momentum: r = momentum r + (1 - momentum) batch.
 *
 * Adam as in Keras (Kingma, Ba 2015, with the bias corrections in the step size):
 * w -= lr sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + epsilon). Arithmetic: each new m, v and w is computed in
 * float64 from the float32 operands, element by element, and rounded once, when it is stored; w takes m and v before
 * they are rounded. Only + - * / and sqrt are used, which IEEE 754 defines to the bit, so that any machine gets
 * the same result.
 *
 * The moving average follows the new weights, with decay min(0.999, (1 + t) / (10 + t)): early in a run it forgets faster, as
 * TensorFlow's ExponentialMovingAverage does with num_updates.
 *
 * Not committed: when anything in `reduced` is not finite, or when the gradient's norm is beyond 1.8e19, where its squares
 * no longer fit a float32 and v would stay infinite for good.
 *
 * @param reduced the sum over the shards of a phase's buffers
 * @param shards number of shards in the sum
 * @param shadow arrays of `state`'s lengths that share no memory with it; their content doesn't matter
 */
export function applyPhase(
  layout: PhaseLayout,
  reduced: Float32Array,
  shards: number,
  adam: AdamOptions,
  state: NetworkState,
  shadow: NetworkState,
): PhaseResult {
  const { trainableLength, length } = layout.network;
  if (reduced.length !== layout.length) {
    throw new Error(`phase ${layout.phase} reduces ${layout.length} elements, not ${reduced.length}`);
  }
  shadow.updates = state.updates + 1;
  const squares = applyAdam(reduced, trainableLength, 1 / shards, adam, state, shadow);
  for (let i = trainableLength; i < length; i++) {
    shadow.weights[i] = layout.momentum * state.weights[i]! + (1 - layout.momentum) * (reduced[i]! / shards);
  }
  moveAverage(state, shadow);
  const scalars = Object.fromEntries(layout.scalars.map((name, i) => [name, reduced[length + i]! / shards]));
  return {
    committed: squares <= largestFloat32 && reduced.subarray(trainableLength).every(Number.isFinite),
    scalars,
    gradientNorm: Math.sqrt(squares),
  };
}

function moveAverage(state: NetworkState, shadow: NetworkState): void {
  const t = shadow.updates;
  const decay = Math.min(emaDecay, (1 + t) / (10 + t));
  for (let i = 0; i < state.ema.length; i++) {
    shadow.ema[i] = decay * state.ema[i]! + (1 - decay) * shadow.weights[i]!;
  }
}

/** @returns the sum of the squares of the mean gradient, which is not finite if any element isn't. */
function applyAdam(
  reduced: Float32Array,
  length: number,
  perShard: number,
  { learningRate, beta1, beta2, epsilon }: AdamOptions,
  state: NetworkState,
  shadow: NetworkState,
): number {
  const t = shadow.updates;
  const rate = (learningRate * Math.sqrt(1 - integerPower(beta2, t))) / (1 - integerPower(beta1, t));
  const { weights, m, v } = state;
  const { weights: nextWeights, m: nextM, v: nextV } = shadow;
  let squares = 0;
  for (let i = 0; i < length; i++) {
    const gradient = reduced[i]! * perShard;
    const square = gradient * gradient;
    squares += square;
    const first = beta1 * m[i]! + (1 - beta1) * gradient;
    const second = beta2 * v[i]! + (1 - beta2) * square;
    nextM[i] = first;
    nextV[i] = second;
    nextWeights[i] = weights[i]! - (rate * first) / (Math.sqrt(second) + epsilon);
  }
  return squares;
}

/** base^exponent by squaring: Math.pow's last bit is left to the JavaScript engine. */
function integerPower(base: number, exponent: number): number {
  let result = 1;
  for (let factor = base, rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= factor;
    factor *= factor;
  }
  return result;
}
