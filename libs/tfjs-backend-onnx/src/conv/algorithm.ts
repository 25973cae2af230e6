/** How the three convolutions of training are computed, and by which rule one of the ways is taken. */
import type { GraphValue } from '../emit/value.js';
import type { GraphWriter } from '../emit/writer.js';
import { directConvolution } from './direct.js';
import type { ConvGeometry } from './geometry.js';

/** One way to compute a convolution and its two gradients. All tensors are float32; shapes as TensorFlow.js has them. */
export interface ConvAlgorithm {
  /** Whether it is the way for this pass; a fixed function of the shapes. */
  suits(pass: ConvPass, geometry: ConvGeometry): boolean;
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

export type ConvPass = 'forward' | 'inputGradient' | 'filterGradient';

/**
 * Version of the rules by which ops become ONNX nodes. Two versions may differ in the last bits of their results, so it
 * is part of the identity of a run that promises equal bits. Raise it with every change to what a graph computes.
 */
export const kernelRulesVersion = 1;

/** In the order in which they are asked; the last one suits everything. */
const ALGORITHMS: readonly ConvAlgorithm[] = [directConvolution];

/** The way to compute one pass of a convolution: a fixed function of its shapes, never of a measurement at run time. */
export function decideConvAlgorithm(pass: ConvPass, geometry: ConvGeometry): ConvAlgorithm {
  const algorithm = ALGORITHMS.find((candidate) => candidate.suits(pass, geometry));
  if (!algorithm) throw new Error(`no algorithm for the convolution ${JSON.stringify(geometry)}`);
  return algorithm;
}
