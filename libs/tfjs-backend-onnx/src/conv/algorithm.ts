/** The ways to compute the three convolutions of training. */
import type { GraphValue } from '../emit/value.js';
import type { GraphWriter } from '../emit/writer.js';
import { directConvolution } from './direct.js';
import type { ConvGeometry } from './geometry.js';
import { im2colConvolution } from './im2col.js';
import { thinInputConvolution } from './thin-input.js';
import { thinOutputConvolution } from './thin-output.js';
import { createWinograd } from './winograd/winograd.js';

/** One way to compute a convolution and its two gradients. All tensors are float32; shapes as TensorFlow.js has them. */
export interface ConvAlgorithm {
  /** x [N, H, W, Cin] with filter [h, w, Cin, Cout] gives [N, Ho, Wo, Cout]; bias is [Cout]. */
  forward(
    writer: GraphWriter,
    geometry: ConvGeometry,
    x: GraphValue,
    filter: GraphValue,
    bias: GraphValue | undefined,
  ): GraphValue;
  /** dy [N, Ho, Wo, Cout] with filter [h, w, Cin, Cout] gives the gradient of x, [N, H, W, Cin]. */
  inputGradient(writer: GraphWriter, geometry: ConvGeometry, dy: GraphValue, filter: GraphValue): GraphValue;
  /** x [N, H, W, Cin] with dy [N, Ho, Wo, Cout] gives the gradient of the filter, [h, w, Cin, Cout]. */
  filterGradient(writer: GraphWriter, geometry: ConvGeometry, x: GraphValue, dy: GraphValue): GraphValue;
}

/**
 * Version of the rules by which ops become ONNX nodes. Two versions may differ in the last bits of their results, so it
 * is part of the identity of a run that promises equal bits. Raise it with every change to what a graph computes.
 */
export const kernelRulesVersion = 2;

/** Every way to compute a convolution. */
export const convAlgorithms = {
  winograd4: createWinograd(4),
  winograd7: createWinograd(7),
  im2col: im2colConvolution,
  thinInput: thinInputConvolution,
  thinOutput: thinOutputConvolution,
  direct: directConvolution,
} satisfies Record<string, ConvAlgorithm>;

export type ConvAlgorithmName = keyof typeof convAlgorithms;
