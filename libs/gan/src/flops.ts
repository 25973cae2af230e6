/** How much arithmetic a step is, whatever the algorithms that an engine computes it with. */
import { kernelSize, type LayerSpec, layersFromOptions } from './architecture.js';
import { outputShape } from './layout.js';
import type { ModelOptions } from './presets.js';

/**
 * Floating point operations of a training step for each item of its batch, counting the products of matrices and of direct
 * convolutions (borders as if they were inside), 2 operations a multiplication with its addition, and nothing else.
 *
 * A layer's gradients with respect to its weights and to its input cost as much as its output. D's phase makes images (G once),
 * and differentiates D with respect to its weights on reals and fakes; G's phase makes images again, and goes back through
 * D to its input, then through G to its weights. The gradient with respect to a network's own input is only needed for D in G's phase.
 */
export function flopsOfStep(options: ModelOptions): number {
  const layers = layersFromOptions(options);
  const { size, channels, latentDim } = options;
  const generator = flopsOfLayers(layers.generator, [latentDim]);
  const discriminator = flopsOfLayers(layers.discriminator, [size, size, channels]);
  const [g, d] = [generator, discriminator].map(sum) as [number, number];
  const [firstOfG, firstOfD] = [generator[0]!, discriminator[0]!];
  const phaseD = g + 2 * (3 * d - firstOfD);
  const phaseG = 3 * g - firstOfG + 2 * d;
  return phaseD + phaseG;
}

/** Operations of each layer that has weights, forward, for one item. */
function flopsOfLayers(layers: readonly LayerSpec[], input: readonly number[]): number[] {
  let shape = [...input];
  const flops: number[] = [];
  for (const layer of layers) {
    const output = outputShape(layer, shape);
    const own = flopsOfLayer(layer, shape, output);
    if (own > 0) flops.push(own);
    shape = output;
  }
  return flops;
}

function flopsOfLayer(layer: LayerSpec, input: readonly number[], output: readonly number[]): number {
  const [from, to] = [input.at(-1)!, output.at(-1)!];
  switch (layer.kind) {
    case 'dense':
      return 2 * from * to;
    case 'conv2d':
      return 2 * output[0]! * output[1]! * kernelSize ** 2 * from * to;
    case 'conv2d_transpose':
      return 2 * input[0]! * input[1]! * kernelSize ** 2 * from * to;
    case 'batch_normalization':
    case 'activation':
    case 'leaky_re_lu':
    case 'max_pooling2d':
    case 'reshape':
    case 'flatten':
      return 0;
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
