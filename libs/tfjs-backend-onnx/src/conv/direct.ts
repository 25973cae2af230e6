/** Convolutions by ONNX Runtime's own Conv and ConvTranspose, channels first. */
import { nameIn, NCHW, permutedValue, plainName } from '../emit/value.js';
import type { Permutation } from '../emit/value.js';
import type { ConvAlgorithm } from './algorithm.js';
import { onnxPads } from './geometry.js';
import type { ConvGeometry } from './geometry.js';

/** HWIO stored as OIHW, ONNX's order of filters. */
const OIHW: Permutation = [3, 2, 0, 1];
/** NHWC stored as CNHW: channels take the place of the batch. */
const CNHW: Permutation = [3, 0, 1, 2];
/** HWIO stored as IOHW. */
const IOHW: Permutation = [2, 3, 0, 1];

export const directConvolution: ConvAlgorithm = {
  suits: () => true,

  forward(writer, geometry, x, filter, bias) {
    const inputs = [nameIn(writer, x, NCHW), nameIn(writer, filter, OIHW)];
    if (bias) inputs.push(plainName(writer, bias));
    const y = writer.op('Conv', inputs, {
      kernel_shape: geometry.filter,
      strides: geometry.strides,
      dilations: geometry.dilations,
      pads: onnxPads(geometry),
    });
    const { batch, output, outChannels } = geometry;
    return permutedValue(y, [batch, ...output, outChannels], 'float32', NCHW);
  },

  inputGradient(writer, geometry, dy, filter) {
    const { batch, input, inChannels } = geometry;
    const dx = writer.op('ConvTranspose', [nameIn(writer, dy, NCHW), nameIn(writer, filter, OIHW)], {
      kernel_shape: geometry.filter,
      strides: geometry.strides,
      dilations: geometry.dilations,
      pads: onnxPads(geometry),
      output_padding: uncovered(geometry),
    });
    return permutedValue(dx, [batch, ...input, inChannels], 'float32', NCHW);
  },

  /** The filter gradient is a convolution of x by dy in which channels and batch change places. */
  filterGradient(writer, geometry, x, dy) {
    const { filter, inChannels, outChannels, padBefore, padAfter, strides, dilations } = geometry;
    const rest = uncovered(geometry);
    const cropped = padAfter.map((pad, axis) => Math.max(0, pad - rest[axis]!)) as [number, number];
    const product = writer.op('Conv', [nameIn(writer, x, CNHW), nameIn(writer, dy, CNHW)], {
      kernel_shape: geometry.output,
      strides: dilations,
      dilations: strides,
      pads: onnxPads({ padBefore, padAfter: cropped }),
    });
    // Where there was less padding than what strides leave over, the result has rows or columns too many.
    const excess = rest.some((over, axis) => over > padAfter[axis]!);
    const dw = excess
      ? writer.op('Slice', [product, writer.int64s([0, 0]), writer.int64s(filter), writer.int64s([2, 3])])
      : product;
    return permutedValue(dw, [...filter, inChannels, outChannels], 'float32', IOHW);
  },
};

/** Rows and columns at the end of the padded input that no filter position reaches, as strides leave them over. */
function uncovered({
  input,
  output,
  filter,
  strides,
  dilations,
  padBefore,
  padAfter,
}: ConvGeometry): number[] {
  return input.map((size, axis) => {
    const covered = strides[axis]! * (output[axis]! - 1) + dilations[axis]! * (filter[axis]! - 1) + 1;
    return size + padBefore[axis]! + padAfter[axis]! - covered;
  });
}
