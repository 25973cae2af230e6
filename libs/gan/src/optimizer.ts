/** The update of a network, computed by every replica from the same bits in the same order, so with the same result. */
import type { PhaseLayout } from './layout.js';
import { addressOf, memoryOf, type NetworkState, shadowOf } from './network-state.js';
import type { AdamOptions } from './presets.js';

export interface PhaseResult {
  /** Whether the shadow holds the next state; otherwise it holds nothing. */
  committed: boolean;
  /** The means over the shards, by the names of the phase's scalars. */
  scalars: Record<string, number>;
  /** Euclidean norm of the mean gradient. */
  gradientNorm: number;
}

/** An update under way: the reduced buffer is taken piece by piece, as the pieces come. */
export interface PhaseUpdate {
  /**
   * The next elements of the reduced buffer, which may lie on shared memory; they are read before this returns. All pieces but
   * the last one have a multiple of 4 elements. How the buffer is cut does not change a bit of the result.
   */
  take(sums: Float32Array): void;
  /** To be called when all elements are there. */
  finish(): PhaseResult;
}

/** Share of itself that the moving average keeps at an update, after the first 8,990. */
const emaDecay = 0.999;

const largestFloat32 = 3.4028234663852886e38;

/**
 * Begins to compute a network's next state into its shadow; `state` is only read. The gradient is the reduced sum / shards;
 * the weights move by Adam, the running statistics by momentum: r = momentum r + (1 - momentum) batch.
 *
 * Adam as in Keras (Kingma, Ba 2015, with the bias corrections in the step size):
 * w -= lr sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + epsilon), in float32, by assembly/update.ts, where every operation is
 * defined to the bit; optimizer.spec.ts has the same in JavaScript. A gradient below 2^-60 and moments below 2^-100 count as 0.
 *
 * The moving average follows the new weights, with decay min(0.999, (1 + t) / (10 + t)): early in a run it forgets faster, as
 * TensorFlow's ExponentialMovingAverage does with num_updates.
 *
 * Not committed: when anything in the sum is not finite, or when the gradient's norm is beyond 1.8e19, where its squares
 * no longer fit a float32 and v would stay infinite for good.
 *
 * @param shards number of shards in the sum, a power of two
 * @param state from `createState` or a function that uses it
 */
export function beginUpdate(
  layout: PhaseLayout,
  shards: number,
  adam: AdamOptions,
  state: NetworkState,
): PhaseUpdate {
  const { trainableLength } = layout.network;
  const shadow = shadowOf(state);
  const { kernel, tile } = memoryOf(state);
  // Running statistics and scalars, which are few.
  const tail = new Float32Array(layout.length - trainableLength);
  const t = (shadow.updates = state.updates + 1);
  const share = Math.fround(1 - Math.min(emaDecay, (1 + t) / (10 + t)));
  let taken = 0;
  kernel.begin(1 / shards, 1 - adam.beta1, 1 - adam.beta2, stepSize(adam, t), adam.epsilon);

  /** Moves the trainable weights from an element on, and their average. */
  function moveWeights(sums: Float32Array, from: number): void {
    for (let at = 0; at < sums.length; at += tile.length) {
      const piece = sums.subarray(at, at + tile.length);
      tile.set(piece);
      // The kernel rounds the count up to a multiple of 4.
      tile.fill(0, piece.length, piece.length + 3);
      const address = (values: Float32Array): number => addressOf(values, from + at);
      kernel.adam(
        piece.length,
        addressOf(tile),
        address(state.weights),
        address(state.m),
        address(state.v),
        address(shadow.weights),
        address(shadow.m),
        address(shadow.v),
      );
      if (state.ema.length > 0) {
        kernel.moveAverage(
          piece.length,
          address(shadow.weights),
          address(state.ema),
          address(shadow.ema),
          share,
        );
      }
    }
  }

  /** Moves the running statistics, and their average, as the kernel moves those of weights. */
  function moveStatistics(): void {
    const { momentum } = layout;
    for (let i = trainableLength; i < layout.network.length; i++) {
      const batch = tail[i - trainableLength]! / shards;
      const moved = Math.fround(momentum * state.weights[i]! + (1 - momentum) * batch);
      shadow.weights[i] = moved;
      if (state.ema.length === 0) continue;
      const old = state.ema[i]!;
      shadow.ema[i] = old + Math.fround(Math.fround(moved - old) * share);
    }
  }

  return {
    take(sums) {
      if (taken % 4 !== 0) throw new Error(`a piece begins at element ${taken}, which is no multiple of 4`);
      if (taken + sums.length > layout.length) throw wrongLength(layout, taken + sums.length);
      const gradients = Math.max(0, Math.min(sums.length, trainableLength - taken));
      moveWeights(sums.subarray(0, gradients), taken);
      tail.set(sums.subarray(gradients), Math.max(0, taken - trainableLength));
      taken += sums.length;
    },
    finish() {
      if (taken !== layout.length) throw wrongLength(layout, taken);
      moveStatistics();
      const squares = kernel.squares();
      const scalars = tail.subarray(layout.network.length - trainableLength);
      return {
        committed: squares <= largestFloat32 && tail.every(Number.isFinite),
        scalars: Object.fromEntries(layout.scalars.map((name, i) => [name, scalars[i]! / shards])),
        gradientNorm: Math.sqrt(squares),
      };
    },
  };
}

/** Computes a network's next state from a reduced buffer that is there as a whole: see `beginUpdate`. */
export function applyPhase(
  layout: PhaseLayout,
  reduced: Float32Array,
  shards: number,
  adam: AdamOptions,
  state: NetworkState,
): PhaseResult {
  const update = beginUpdate(layout, shards, adam, state);
  update.take(reduced);
  return update.finish();
}

function wrongLength({ phase, length }: PhaseLayout, given: number): Error {
  return new Error(`phase ${phase} reduces ${length} elements, not ${given}`);
}

/** Adam's learning rate with both bias corrections. */
function stepSize({ learningRate, beta1, beta2 }: AdamOptions, t: number): number {
  return (learningRate * Math.sqrt(1 - integerPower(beta2, t))) / (1 - integerPower(beta1, t));
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
