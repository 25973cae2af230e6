/** The state before step 0: the same for every trainer, because it follows from the seed. */
import type { NetworkName } from './architecture.js';
import type { TensorSpec } from './layout.js';
import type { Gan } from './model.js';
import { createState, type NetworkState } from './network-state.js';
import type { PresetName } from './presets.js';
import { fillGaussian, fillUniform, purposes, type StreamPosition } from './random.js';

/** DCGAN, section 3: all weights from a normal distribution of this deviation; scales of batch normalization about 1. */
const dcganDeviation = 0.02;

/**
 * A network's first weights, laid out by `NetworkLayout`. Kernels: `dcgan` N(0, 0.02), `seed` Glorot's uniform
 * distribution as in Keras; gammas: `dcgan` N(1, 0.02), `seed` 1; variances 1; all else 0.
 *
 * Counter: item 0, step 0, phase 0 for the generator and 1 for the discriminator, layer = the tensor's index in the
 * layout.
 */
export function initialWeights(gan: Gan, network: NetworkName, seed: number): Float32Array {
  const layout = gan.layouts[network];
  const weights = new Float32Array(layout.length);
  const phase = network === 'generator' ? 0 : 1;
  [...layout.trainable, ...layout.running].forEach((spec, layer) => {
    const values = weights.subarray(spec.offset, spec.offset + spec.length);
    const at = { purpose: purposes.init, item: 0, step: 0, phase, layer };
    fillTensor(values, spec, gan.options.preset, seed, at);
  });
  return weights;
}

/** A network's state before its first update. */
export function initialState(gan: Gan, network: NetworkName, seed: number): NetworkState {
  const state = createState(gan.layouts[network]);
  state.weights.set(initialWeights(gan, network, seed));
  state.ema.set(state.weights.subarray(0, state.ema.length));
  return state;
}

function fillTensor(
  values: Float32Array,
  spec: TensorSpec,
  preset: PresetName,
  seed: number,
  at: StreamPosition,
): void {
  const weight = spec.name.slice(spec.name.lastIndexOf('/') + 1);
  const drawn = preset === 'dcgan';
  if (weight === 'kernel' && drawn) fillGaussian(values, seed, at, 0, dcganDeviation);
  else if (weight === 'kernel')
    fillUniform(values, seed, at, -glorotLimit(spec.shape), glorotLimit(spec.shape));
  else if (weight === 'gamma' && drawn) fillGaussian(values, seed, at, 1, dcganDeviation);
  else if (weight === 'gamma' || weight === 'moving_variance') values.fill(1);
}

/** Glorot, Bengio 2010: sqrt(6 / (fan in + fan out)), where the fans of a convolution count its whole kernel. */
function glorotLimit(shape: readonly number[]): number {
  const receptiveField = shape.slice(0, -2).reduce((total, size) => total * size, 1);
  return Math.sqrt(6 / (receptiveField * (shape.at(-2)! + shape.at(-1)!)));
}
