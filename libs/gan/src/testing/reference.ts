/**
 * Both phases of both presets in float64, written from the papers and the tutorial, not from the models: what
 * `discriminatorShardGradients` and `generatorShardGradients` must agree with.
 */
import type { ModelOptions } from '../presets.js';
import { createTape, type Tape, type Value } from './tape.js';

/** Weights by name, of both networks. */
export type ReferenceWeights = Record<string, { shape: readonly number[]; data: ArrayLike<number> }>;

export interface ReferenceResult {
  scalars: Record<string, number>;
  /** By name, of both networks; only those of the phase's own network mean anything. */
  gradients: Record<string, Float64Array>;
  /** By the running statistics' names, of both networks; averaged over D's passes. */
  statistics: Record<string, Float64Array>;
}

interface Batch {
  count: number;
  noise: ArrayLike<number>;
  images: ArrayLike<number>;
}

export function referenceDiscriminatorPhase(
  options: ModelOptions,
  weights: ReferenceWeights,
  { count, noise, images }: Batch,
): ReferenceResult {
  const model = createReference(options, weights);
  const { tape } = model;
  const real = tape.make([count, options.size, options.size, options.channels], images);
  const fake = model.generate(tape.make([count, options.latentDim], noise));
  const together = options.preset === 'seed';
  const probabilities = together
    ? model.discriminate(tape.concatenate(real, fake))
    : tape.concatenate(model.discriminate(real), model.discriminate(fake));
  const labels = Array.from({ length: 2 * count }, (_, i) => (i < count ? 1 : 0));
  const loss = crossEntropy(tape, probabilities, labels, together ? 2 * count : count);
  return {
    scalars: {
      loss,
      real: meanOf(probabilities.data.subarray(0, count)),
      fake: meanOf(probabilities.data.subarray(count)),
    },
    ...model.results(),
  };
}

export function referenceGeneratorPhase(
  options: ModelOptions,
  weights: ReferenceWeights,
  { count, noise }: Omit<Batch, 'images'>,
): ReferenceResult {
  const model = createReference(options, weights);
  const probabilities = model.discriminate(
    model.generate(model.tape.make([count, options.latentDim], noise)),
  );
  const loss = crossEntropy(model.tape, probabilities, new Array<number>(count).fill(1), count);
  return { scalars: { loss, fake: meanOf(probabilities.data) }, ...model.results() };
}

/** The textbook form, of probabilities; differentiates too. */
function crossEntropy(tape: Tape, probabilities: Value, labels: number[], divisor: number): number {
  const p = probabilities.data;
  tape.backward(
    probabilities,
    labels.map((label, i) => ((1 - label) / (1 - p[i]!) - label / p[i]!) / divisor),
  );
  const losses = labels.map((label, i) => -(label * Math.log(p[i]!) + (1 - label) * Math.log(1 - p[i]!)));
  return losses.reduce((a, b) => a + b) / divisor;
}

function createReference(options: ModelOptions, weights: ReferenceWeights) {
  const tape = createTape();
  const values: Record<string, Value> = {};
  for (const [name, { shape, data }] of Object.entries(weights)) values[name] = tape.make([...shape], data);
  const seen: Record<string, { mean: Float64Array; variance: Float64Array }[]> = {};
  const [alpha, epsilon] = options.preset === 'seed' ? [0.3, 1e-3] : [0.2, 1e-5];

  const relu = (x: Value) =>
    tape.map(
      x,
      (v) => Math.max(0, v),
      (v) => (v > 0 ? 1 : 0),
    );
  const leaky = (x: Value) =>
    tape.map(
      x,
      (v) => (v > 0 ? v : alpha * v),
      (v) => (v > 0 ? 1 : alpha),
    );
  const tanh = (x: Value) => tape.map(x, Math.tanh, (_, y) => 1 - y * y);
  const sigmoid = (x: Value) =>
    tape.map(
      x,
      (v) => 1 / (1 + Math.exp(-v)),
      (_, y) => y * (1 - y),
    );
  const biased = (y: Value, layer: string) => {
    const bias = values[`${layer}/bias`];
    return bias === undefined ? y : tape.addBias(y, bias);
  };
  const dense = (x: Value, layer: string) => biased(tape.matMul(x, values[`${layer}/kernel`]!), layer);
  const conv = (x: Value, layer: string, stride: number) =>
    biased(tape.convolve(x, values[`${layer}/kernel`]!, stride), layer);
  const transposed = (x: Value, layer: string) =>
    biased(tape.convolveTransposed(x, values[`${layer}/kernel`]!), layer);
  const normalized = (x: Value, index: number) => {
    if (!options.batchNorm) return x;
    const layer = nth('batch_normalization', index);
    const result = tape.normalize(x, values[`${layer}/gamma`]!, values[`${layer}/beta`]!, epsilon);
    (seen[layer] ??= []).push(result);
    return result.y;
  };
  const square = (x: Value, size: number) =>
    tape.reshape(x, [x.shape[0]!, size, size, x.data.length / x.shape[0]! / size ** 2]);
  const flat = (x: Value) => tape.reshape(x, [x.shape[0]!, x.data.length / x.shape[0]!]);

  const stages = Math.max(1, Math.ceil(Math.log2(options.size / 8)));
  const small = options.size / 2 ** (options.preset === 'seed' ? 3 : stages);

  const networks = {
    seed: {
      generate(z: Value): Value {
        let x = square(relu(dense(z, 'dense')), small);
        for (const i of [0, 1, 2]) x = relu(normalized(transposed(x, nth('conv2d_transpose', i)), i));
        return tanh(conv(x, 'conv2d', 1));
      },
      discriminate(images: Value): Value {
        let x = images;
        for (const i of [0, 1, 2]) x = tape.pool(leaky(normalized(conv(x, nth('conv2d', i + 1), 1), i + 3)));
        return sigmoid(dense(leaky(dense(flat(x), 'dense_1')), 'dense_2'));
      },
    },
    dcgan: {
      generate(z: Value): Value {
        let x = relu(normalized(square(dense(z, 'dense'), small), 0));
        for (let i = 0; i < stages - 1; i++)
          x = relu(normalized(transposed(x, nth('conv2d_transpose', i)), i + 1));
        return tanh(transposed(x, nth('conv2d_transpose', stages - 1)));
      },
      discriminate(images: Value): Value {
        let x = leaky(conv(images, 'conv2d', 2));
        for (let i = 1; i < stages; i++) x = leaky(normalized(conv(x, nth('conv2d', i), 2), stages + i - 1));
        return sigmoid(dense(flat(x), 'dense_1'));
      },
    },
  };

  return {
    tape,
    ...networks[options.preset],
    results: () => ({
      gradients: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.gradient])),
      statistics: Object.fromEntries(
        Object.entries(seen).flatMap(([layer, passes]) => [
          [`${layer}/moving_mean`, averageOf(passes.map((pass) => pass.mean))],
          [`${layer}/moving_variance`, averageOf(passes.map((pass) => pass.variance))],
        ]),
      ) as Record<string, Float64Array>,
    }),
  };
}

function nth(kind: string, index: number): string {
  return index === 0 ? kind : `${kind}_${index}`;
}

function meanOf(values: Float64Array): number {
  return values.reduce((a, b) => a + b) / values.length;
}

function averageOf(arrays: Float64Array[]): Float64Array {
  return arrays[0]!.map((_, i) => arrays.reduce((sum, array) => sum + array[i]!, 0) / arrays.length);
}
