/** The numbers of a 2D convolution, as the forward pass sees them. */
import { backend_util } from '@tensorflow/tfjs-core';

type Pair = readonly [number, number];
type Padding = Parameters<typeof backend_util.computeConv2DInfo>[4];
type DimRounding = Parameters<typeof backend_util.computeConv2DInfo>[5];

/** Windows over the two middle axes of an NHWC tensor. Pairs are [height, width]. */
export interface WindowGeometry {
  readonly input: Pair;
  readonly output: Pair;
  readonly filter: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly padBefore: Pair;
  readonly padAfter: Pair;
}

export interface ConvGeometry extends WindowGeometry {
  readonly batch: number;
  readonly inChannels: number;
  readonly outChannels: number;
}

/** Attributes that the convolution kernels of TensorFlow.js share. */
export interface ConvAttributes {
  readonly strides: [number, number] | number;
  readonly pad: Padding;
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dilations?: [number, number] | number;
  readonly dimRoundingMode?: DimRounding;
}

/**
 * Geometry of the convolution of an NHWC input with an HWIO filter. Throws TensorFlow.js's error where they don't fit.
 */
export function convGeometryFromShapes(
  inputShape: readonly number[],
  filterShape: readonly number[],
  { strides, pad, dilations, dimRoundingMode }: ConvAttributes,
): ConvGeometry {
  const info = backend_util.computeConv2DInfo(
    [...inputShape] as [number, number, number, number],
    [...filterShape] as [number, number, number, number],
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
  );
  const geometry: ConvGeometry = {
    ...windowGeometry(info),
    batch: info.batchSize,
    inChannels: info.inChannels,
    outChannels: info.outChannels,
  };
  // For padding in pixels TensorFlow.js takes the filter's height for its width too, and for its dilated size, so that its
  // outputs may need more zeros than were asked for.
  const missing = uncovered(geometry).map((rest) => Math.max(0, -rest)) as [number, number];
  return { ...geometry, padAfter: [geometry.padAfter[0] + missing[0], geometry.padAfter[1] + missing[1]] };
}

/** What TensorFlow.js finds out about the windows of a convolution or a pooling. */
export function windowGeometry(info: backend_util.Conv2DInfo): WindowGeometry {
  return {
    input: [info.inHeight, info.inWidth],
    output: [info.outHeight, info.outWidth],
    filter: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    padBefore: [info.padInfo.top, info.padInfo.left],
    padAfter: [info.padInfo.bottom, info.padInfo.right],
  };
}

/** Rows and columns at the end of the padded input that no window reaches. */
export function uncovered({
  input,
  output,
  filter,
  strides,
  dilations,
  padBefore,
  padAfter,
}: WindowGeometry): [number, number] {
  const rest = (axis: 0 | 1): number => {
    const covered = strides[axis] * (output[axis] - 1) + dilations[axis] * (filter[axis] - 1) + 1;
    return input[axis] + padBefore[axis] + padAfter[axis] - covered;
  };
  return [rest(0), rest(1)];
}

/** ONNX's order: all begins, then all ends. */
export function onnxPads({ padBefore, padAfter }: Pick<WindowGeometry, 'padBefore' | 'padAfter'>): number[] {
  return [...padBefore, ...padAfter];
}
