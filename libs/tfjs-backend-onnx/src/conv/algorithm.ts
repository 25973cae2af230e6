/** How the three convolutions of training are computed, and by which rule one of the ways is taken. */
import type { GraphValue } from '../emit/value.js';
import type { GraphWriter } from '../emit/writer.js';
import { directConvolution } from './direct.js';
import type { ConvGeometry } from './geometry.js';
import { im2colConvolution } from './im2col.js';
import { thinInputConvolution } from './thin-input.js';
import { thinOutputConvolution } from './thin-output.js';
import { largestTaps, tapsOf, tilingOf } from './winograd/tiling.js';
import { winogradConvolution } from './winograd/winograd.js';

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
  winograd: winogradConvolution,
  im2col: im2colConvolution,
  thinInput: thinInputConvolution,
  thinOutput: thinOutputConvolution,
  direct: directConvolution,
} satisfies Record<string, ConvAlgorithm>;

export type ConvAlgorithmName = keyof typeof convAlgorithms;

/** Channels up to which a side counts as thin: pixels of so few numbers are slow to move one by one. */
const mostThinChannels = 4;
/** Tiles of all images from which transforming a filter is worth it. */
const fewestTiles = 32;
/** Elements of what is held between the steps of an algorithm, 1 GiB, beyond which ONNX Runtime's own is taken. */
const mostHeldElements = 2 ** 28;

/**
 * The way to compute a convolution and its gradients: a fixed function of its shapes, never of a measurement at run time.
 * bench/conv-algorithms.mjs measures what the rule was made from.
 */
export function decideConvAlgorithm(geometry: ConvGeometry): ConvAlgorithmName {
  const preferred = preferredAlgorithm(geometry);
  const isLarge = heldElements(preferred, geometry) > mostHeldElements;
  return isLarge && suitsDirect(geometry) ? 'direct' : preferred;
}

function preferredAlgorithm(geometry: ConvGeometry): ConvAlgorithmName {
  if (geometry.inChannels <= mostThinChannels) return 'thinInput';
  if (geometry.outChannels <= mostThinChannels && suitsThinOutput(geometry)) return 'thinOutput';
  return suitsWinograd(geometry) && tilingOf(geometry).tiles >= fewestTiles ? 'winograd' : 'im2col';
}

/** The largest of the matrices of one convolution. */
function heldElements(algorithm: ConvAlgorithmName, geometry: ConvGeometry): number {
  const { batch, input, output, filter, inChannels, outChannels } = geometry;
  const [inputs, outputs] = [input, output].map(([height, width]) => batch * height * width) as [
    number,
    number,
  ];
  const taps = filter[0] * filter[1];
  switch (algorithm) {
    case 'winograd': {
      const { tiles, places, phases } = tilingOf(geometry);
      return places * tiles * Math.max(phases * inChannels, outChannels);
    }
    case 'im2col':
    case 'thinInput':
      return taps * outputs * inChannels;
    case 'thinOutput':
      return taps * inputs * outChannels;
    case 'direct':
      return 0;
  }
}

/** Whether tiles and points are there for it: no dilation, filters of at most five taps a phase, and more than one. */
export function suitsWinograd({ filter, strides, dilations }: ConvGeometry): boolean {
  const taps = filter.map((size, axis) => tapsOf(size, strides[axis]!));
  return dilations.every((dilation) => dilation === 1) && taps.every((r) => r > 1 && r <= largestTaps);
}

/** Whether the way back from the output is a convolution too. */
export function suitsThinOutput(geometry: ConvGeometry): boolean {
  return geometry.strides.every((stride) => stride === 1) && suitsDirect(geometry);
}

/** Whether every position of the filter reaches the input. */
export function suitsDirect({ filter, dilations, padBefore, padAfter }: ConvGeometry): boolean {
  return filter.every((size, axis) => {
    const reach = (size - 1) * dilations[axis]!;
    return padBefore[axis]! <= reach && padAfter[axis]! <= reach;
  });
}
