/** Convolutions by ONNX Runtime's own Conv and ConvTranspose, channels first. */
import { nameIn, NCHW, permutedValue, plainName } from '../emit/value.js';
import type { Permutation } from '../emit/value.js';
import type { ConvAlgorithm } from './algorithm.js';
import { onnxPads, uncovered } from './geometry.js';
import type { ConvGeometry } from './geometry.js';
import { emitPad } from './pixels.js';

/** HWIO stored as OIHW, ONNX's order of filters. */
const OIHW: Permutation = [3, 2, 0, 1];
/** NHWC stored as CNHW: channels take the place of the batch. */
const CNHW: Permutation = [3, 0, 1, 2];
/** HWIO stored as IOHW. */
const IOHW: Permutation = [2, 3, 0, 1];

export const directConvolution: ConvAlgorithm = {
  forward(writer, geometry, x, filter, bias) {
    const { batch, output, outChannels, filter: size, strides, dilations } = geometry;
    const { pads, crop } = exactPads(geometry);
    const inputs = [emitPad(writer, nameIn(writer, x, NCHW), crop), nameIn(writer, filter, OIHW)];
    if (bias) inputs.push(plainName(writer, bias));
    const y = writer.op('Conv', inputs, { kernel_shape: size, strides, dilations, pads });
    return permutedValue(y, [batch, ...output, outChannels], 'float32', NCHW);
  },

  inputGradient(writer, geometry, dy, filter) {
    const { batch, input, inChannels, filter: size, strides, dilations } = geometry;
    const { pads, crop } = exactPads(geometry);
    const reached = writer.op('ConvTranspose', [nameIn(writer, dy, NCHW), nameIn(writer, filter, OIHW)], {
      kernel_shape: size,
      strides,
      dilations,
      pads,
    });
    const dx = emitPad(
      writer,
      reached,
      crop.map(([, after]) => [0, -after]),
    );
    return permutedValue(dx, [batch, ...input, inChannels], 'float32', NCHW);
  },

  /** The filter gradient is a convolution of x by dy in which channels and batch change places. */
  filterGradient(writer, geometry, x, dy) {
    const { filter, inChannels, outChannels, output, strides, dilations } = geometry;
    const { pads, crop } = exactPads(geometry);
    const dw = writer.op('Conv', [emitPad(writer, nameIn(writer, x, CNHW), crop), nameIn(writer, dy, CNHW)], {
      kernel_shape: output,
      strides: dilations,
      dilations: strides,
      pads,
    });
    return permutedValue(dw, [...filter, inChannels, outChannels], 'float32', IOHW);
  },
};

/** Padding with which the last position of the filter ends where the input does; `crop` is what the input has to lose for it. */
function exactPads(geometry: ConvGeometry): { pads: number[]; crop: [number, number][] } {
  const after = uncovered(geometry).map((rest, axis) => geometry.padAfter[axis]! - rest) as [number, number];
  const padAfter = after.map((pad) => Math.max(0, pad)) as [number, number];
  return {
    pads: onnxPads({ padBefore: geometry.padBefore, padAfter }),
    crop: [[0, 0], [0, 0], ...after.map((pad): [number, number] => [0, Math.min(0, pad)])],
  };
}
