/**
 * Convolutions as one product with the matrix of all patches, channels last: a patch is a row of filter-many whole pixels.
 * For inputs of many channels and few pixels, since the matrix holds every pixel as often as the filter has elements.
 */
import { plainName, plainValue } from '../emit/value.js';
import type { GraphValue } from '../emit/value.js';
import type { GraphWriter } from '../emit/writer.js';
import type { ConvAlgorithm } from './algorithm.js';
import type { ConvGeometry } from './geometry.js';
import { count, emitOnce, emitPad, emitPixels, emitSumOfPixels } from './pixels.js';

export const im2colConvolution: ConvAlgorithm = {
  forward(writer, geometry, x, filter, bias) {
    const product = writer.op('MatMul', [
      emitPatches(writer, geometry, x),
      filterMatrix(writer, geometry, filter),
    ]);
    const biased = bias ? writer.op('Add', [product, plainName(writer, bias)]) : product;
    const shape = [geometry.batch, ...geometry.output, geometry.outChannels];
    return plainValue(writer.reshape(biased, shape), shape, 'float32');
  },

  /** Each element of a filter gives a plane of contributions; an input pixel takes those that its positions make. */
  inputGradient(writer, geometry, dy, filter) {
    const { batch, input, output, inChannels, outChannels } = geometry;
    const outputs = batch * output[0] * output[1];
    const taps = geometry.filter[0] * geometry.filter[1];
    // The last row is of zeros, for pixels that fewer positions reach.
    const rows = emitPad(writer, writer.reshape(plainName(writer, dy), [outputs, outChannels]), [
      [0, 1],
      [0, 0],
    ]);
    const weights = writer.reshape(plainName(writer, filter), [taps, inChannels, outChannels]);
    const planes = writer.op('FusedMatMul', [rows, weights], { transB: 1 }, 'com.microsoft');
    const dx = emitSumOfPixels(writer, planes, inChannels, contributingPixels(geometry));
    const shape = [batch, ...input, inChannels];
    return plainValue(writer.reshape(dx, shape), shape, 'float32');
  },

  filterGradient(writer, geometry, x, dy) {
    const { batch, output, filter, inChannels, outChannels } = geometry;
    const patches = emitPatches(writer, geometry, x);
    const rows = writer.reshape(plainName(writer, dy), [batch * output[0] * output[1], outChannels]);
    const dw = writer.op('FusedMatMul', [patches, rows], { transA: 1 }, 'com.microsoft');
    const shape = [...filter, inChannels, outChannels];
    return plainValue(writer.reshape(dw, shape), shape, 'float32');
  },
};

/** [filter elements * Cin, Cout] */
function filterMatrix(writer: GraphWriter, geometry: ConvGeometry, filter: GraphValue): string {
  const { filter: size, inChannels, outChannels } = geometry;
  return writer.reshape(plainName(writer, filter), [size[0] * size[1] * inChannels, outChannels]);
}

/** [batch * Ho * Wo, filter elements * Cin] */
function emitPatches(writer: GraphWriter, geometry: ConvGeometry, x: GraphValue): string {
  const { batch, input, output, filter, inChannels, strides, dilations, padBefore, padAfter } = geometry;
  const source = plainName(writer, x);
  return emitOnce(writer, `patches ${source} ${JSON.stringify({ ...geometry, outChannels: 0 })}`, () => {
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
    const patches = emitPixels(writer, padded, inChannels, pixels);
    return writer.reshape(patches, [batch * output[0] * output[1], filter[0] * filter[1] * inChannels]);
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
  const [verticals, horizontals] = [reachesOf(0), reachesOf(1)];
  const most = (reaches: readonly Reach[]): number => Math.max(1, ...reaches.map(({ length }) => length));
  const pixels = batch * output[0] * output[1];
  return count(most(verticals)).flatMap((a) =>
    count(most(horizontals)).map((b) =>
      count(batch).flatMap((image) =>
        verticals.flatMap((rows) =>
          horizontals.map((columns) => {
            const [row, column] = [rows[a], columns[b]];
            if (!row || !column) return pixels;
            const plane = (row.tap * filter[1] + column.tap) * (pixels + 1);
            return plane + (image * output[0] + row.position) * output[1] + column.position;
          }),
        ),
      ),
    ),
  );
}

/** Filter elements that reach an input element, and from which position. */
type Reach = readonly { readonly tap: number; readonly position: number }[];
