/**
 * Convolutions as one product with the matrix of all patches, channels last: a patch is a row of filter-many whole pixels.
 * For inputs of many channels and few pixels, since the matrix holds every pixel as often as the filter has elements.
 */
import { plainName } from '../emit/value.js';
import type { GraphValue } from '../emit/value.js';
import type { GraphWriter } from '../emit/writer.js';
import type { ConvAlgorithm } from './algorithm.js';
import type { ConvGeometry } from './geometry.js';
import {
  filterFromMatrix,
  filterMatrix,
  inputFromMatrix,
  outputFromMatrix,
  outputMatrix,
} from './matrices.js';
import { count, emitPad, emitPixels, emitSumOfPixels, emitZeroRow, termsOfPixels } from './pixels.js';

export const im2colConvolution: ConvAlgorithm = {
  forward(writer, geometry, x, filter, bias) {
    const operands = [emitPatches(writer, geometry, x), filterMatrix(writer, geometry, filter)];
    return outputFromMatrix(writer, geometry, writer.op('MatMul', operands), bias);
  },

  /** Each element of a filter gives a plane of contributions; an input pixel takes those that its positions make. */
  inputGradient(writer, geometry, dy, filter) {
    const { inChannels, outChannels } = geometry;
    const taps = geometry.filter[0] * geometry.filter[1];
    // The last row is of zeros, for pixels that fewer positions reach.
    const rows = emitZeroRow(writer, outputMatrix(writer, geometry, dy), outChannels);
    const weights = writer.reshape(plainName(writer, filter), [taps, inChannels, outChannels]);
    const planes = writer.op('FusedMatMul', [rows, weights], { transB: 1 }, 'com.microsoft');
    const dx = emitSumOfPixels(writer, planes, inChannels, contributingPixels(geometry));
    return inputFromMatrix(writer, geometry, dx);
  },

  filterGradient(writer, geometry, x, dy) {
    const operands = [emitPatches(writer, geometry, x), outputMatrix(writer, geometry, dy)];
    const dw = writer.op('FusedMatMul', operands, { transA: 1 }, 'com.microsoft');
    return filterFromMatrix(writer, geometry, dw);
  },
};

/** [batch * Ho * Wo, filter elements * Cin] */
function emitPatches(writer: GraphWriter, geometry: ConvGeometry, x: GraphValue): string {
  const { batch, input, output, filter, inChannels, strides, dilations, padBefore, padAfter } = geometry;
  const source = plainName(writer, x);
  return writer.once(`patches ${source} ${JSON.stringify({ ...geometry, outChannels: 0 })}`, () => {
    const padded = emitPad(writer, source, [
      [0, 0],
      [padBefore[0], padAfter[0]],
      [padBefore[1], padAfter[1]],
      [0, 0],
    ]);
    const [height, width] = input.map((size, axis) => size + padBefore[axis]! + padAfter[axis]!) as [
      number,
      number,
    ];
    const pixels: number[] = [];
    for (let image = 0; image < batch; image++)
      for (let row = 0; row < output[0]; row++)
        for (let column = 0; column < output[1]; column++)
          for (let i = 0; i < filter[0]; i++)
            for (let j = 0; j < filter[1]; j++) {
              const y = row * strides[0] + i * dilations[0];
              pixels.push((image * height + y) * width + column * strides[1] + j * dilations[1]);
            }
    const rows = emitPixels(writer, padded, inChannels, pixels);
    return writer.reshape(rows, [batch * output[0] * output[1], filter[0] * filter[1] * inChannels]);
  });
}

/**
 * Where the contributions to the input's gradient lie in [filter row, filter column, image * Ho * Wo + 1], whose last pixels
 * are zeros: as many lists as positions may reach a pixel, an entry for each input pixel.
 */
function contributingPixels({
  batch,
  input,
  output,
  filter,
  strides,
  dilations,
  padBefore,
}: ConvGeometry): number[][] {
  const reachesOf = (axis: 0 | 1): Reach[] =>
    count(input[axis]).map((index) =>
      count(filter[axis]).flatMap((tap) => {
        const offset = index + padBefore[axis] - tap * dilations[axis];
        const position = offset / strides[axis];
        return Number.isInteger(position) && position >= 0 && position < output[axis]
          ? [{ tap, position }]
          : [];
      }),
    );
  const pixels = batch * output[0] * output[1];
  return termsOfPixels(batch, reachesOf(0), reachesOf(1), pixels, (image, row, column) => {
    const plane = (row.tap * filter[1] + column.tap) * (pixels + 1);
    return plane + (image * output[0] + row.position) * output[1] + column.position;
  });
}

/** Filter elements that reach an input element, and from which position. */
type Reach = readonly { readonly tap: number; readonly position: number }[];
