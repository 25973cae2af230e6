/**
 * Winograd convolutions, channels last: a tile of m x m outputs takes (m + r - 1)^2 multiplications where the direct form
 * takes r^2 for each output. The transforms are matrix products: one of rows and one of columns, or one of both where that
 * moves less memory. Gathers of whole pixels bring the elements of tiles, and of phases where there are strides, into the
 * order that products need.
 *
 * With V the transformed input and U the transformed filter, M = V U for each place of a tile, and the gradients are the
 * adjoints: dU = V' dM, dV = dM U'. V, U and dM are written once for a graph, whoever asks first.
 */
import { plainName } from '../../emit/value.js';
import type { GraphValue } from '../../emit/value.js';
import type { GraphWriter } from '../../emit/writer.js';
import type { ConvAlgorithm } from '../algorithm.js';
import { filterFromMatrix, inputFromMatrix, outputFromMatrix } from '../matrices.js';
import { emitPad, emitPixels, emitSumOfPixels, emitZeroRow } from '../pixels.js';
import { kronecker, transpose } from './matrices.js';
import {
  inputLines,
  inputPixels,
  outputPixels,
  overlappingPixels,
  tiledPixels,
  tilingOf,
  type Tiling,
} from './tiling.js';

/** @param tileSize outputs of a tile along an axis */
export const createWinograd = (tileSize: number): ConvAlgorithm => ({
  forward(writer, geometry, x, filter, bias) {
    const tiling = tilingOf(geometry, tileSize);
    const { rows, columns, batch, outChannels } = tiling;
    const v = emitInput(writer, tiling, x);
    const u = emitFilter(writer, tiling, filter);
    const product = writer.op('MatMul', [v, u]);
    const [mh, mw] = [rows.matrices, columns.matrices];
    const narrow = emitInner(writer, mw.at, product, mh.n, tiling.tiles * outChannels);
    const outputs = emitOuter(writer, mh.at, narrow, mw.m * tiling.tiles * outChannels);
    const y = emitPixels(writer, outputs, outChannels, outputPixels(rows, columns, batch));
    return outputFromMatrix(writer, geometry, y, bias);
  },

  inputGradient(writer, geometry, dy, filter) {
    const tiling = tilingOf(geometry, tileSize);
    const { rows, columns, batch, inChannels, phases, tiles } = tiling;
    const dm = emitOutputGradient(writer, tiling, dy);
    const u = emitFilter(writer, tiling, filter);
    const dv = writer.op('FusedMatMul', [dm, u], { transB: 1 }, 'com.microsoft');
    const [mh, mw] = [rows.matrices, columns.matrices];
    const size = tiles * phases * inChannels;
    // Tiles overlap: an input adds up what they hold for it.
    const { lists, withZeros } = overlappingPixels(rows, columns, batch);
    const wide = emitInner(writer, transpose(mw.bt), dv, mh.n, size);
    const vertical = withZeros ? withZeroRow(transpose(mh.bt)) : transpose(mh.bt);
    const held = emitOuter(writer, vertical, wide, mw.n * size);
    const dx = emitSumOfPixels(writer, held, inChannels, lists);
    return inputFromMatrix(writer, geometry, dx);
  },

  filterGradient(writer, geometry, x, dy) {
    const tiling = tilingOf(geometry, tileSize);
    const { rows, columns, inChannels, outChannels, phases } = tiling;
    const v = emitInput(writer, tiling, x);
    const dm = emitOutputGradient(writer, tiling, dy);
    const du = writer.op('FusedMatMul', [v, dm], { transA: 1 }, 'com.microsoft');
    const [mh, mw] = [rows.matrices, columns.matrices];
    const size = phases * inChannels * outChannels;
    const narrow = emitInner(writer, transpose(mw.g), du, mh.n, size);
    const taps = emitOuter(writer, transpose(mh.g), narrow, mw.r * size);
    return filterFromMatrix(writer, geometry, emitWithoutPhases(writer, tiling, taps));
  },
});

/** V [places, tiles, phases * Cin]. */
function emitInput(writer: GraphWriter, tiling: Tiling, x: GraphValue): string {
  const { rows, columns, batch, tiles, phases, places, inChannels } = tiling;
  const source = plainName(writer, x);
  return writer.once(`V ${source} ${JSON.stringify([rows, columns])}`, () => {
    const [mh, mw] = [rows.matrices, columns.matrices];
    const line = columns.input * inChannels;
    // A line of zeros stands for all lines of padding, and so does a pixel of zeros.
    const lines = emitZeroRow(writer, writer.reshape(source, [batch * rows.input, line]), line);
    const byRow = emitPixels(writer, lines, line, inputLines(rows, batch));
    const tall = emitOuter(writer, withZeroRow(mh.bt), byRow, rows.stride * batch * rows.tiles * line);
    const byPixel = emitPixels(writer, tall, inChannels, inputPixels(rows, columns, batch));
    const v = emitInner(writer, mw.bt, byPixel, mh.n, tiles * phases * inChannels);
    return writer.reshape(v, [places, tiles, phases * inChannels]);
  });
}

/** U [places, phases * Cin, Cout]. */
function emitFilter(writer: GraphWriter, tiling: Tiling, filter: GraphValue): string {
  const { rows, columns, phases, places, inChannels, outChannels } = tiling;
  const source = plainName(writer, filter);
  return writer.once(
    `U ${source} ${JSON.stringify([rows, columns].map(({ matrices: { m, r }, stride }) => [m, r, stride]))}`,
    () => {
      const [mh, mw] = [rows.matrices, columns.matrices];
      const size = phases * inChannels * outChannels;
      const taps = emitWithPhases(writer, tiling, source);
      const u = emitOuter(writer, kronecker(mh.g, mw.g), taps, size);
      return writer.reshape(u, [places, phases * inChannels, outChannels]);
    },
  );
}

/** dM [places, tiles, Cout]. */
function emitOutputGradient(writer: GraphWriter, tiling: Tiling, dy: GraphValue): string {
  const { rows, columns, batch, tiles, places, outChannels } = tiling;
  const source = plainName(writer, dy);
  return writer.once(
    `dM ${source} ${JSON.stringify([rows, columns].map(({ matrices: { m, r } }) => [m, r]))}`,
    () => {
      const [mh, mw] = [rows.matrices, columns.matrices];
      const padded = emitPad(writer, source, [
        [0, 0],
        [0, mh.m * rows.tiles - rows.output],
        [0, mw.m * columns.tiles - columns.output],
        [0, 0],
      ]);
      const tiled = emitPixels(writer, padded, outChannels, tiledPixels(rows, columns, batch));
      const dm = emitOuter(writer, kronecker(transpose(mh.at), transpose(mw.at)), tiled, tiles * outChannels);
      return writer.reshape(dm, [places, tiles, outChannels]);
    },
  );
}

/** A filter [h, w, Cin, Cout] as [r, r, phases, Cin, Cout]; taps past its end are zero. */
function emitWithPhases(writer: GraphWriter, { rows, columns, ...tiling }: Tiling, filter: string): string {
  if (tiling.phases === 1) return filter;
  const [rh, rw] = [rows.matrices.r, columns.matrices.r];
  const size = tiling.inChannels * tiling.outChannels;
  const padded = emitPad(writer, filter, [
    [0, rh * rows.stride - rows.filter],
    [0, rw * columns.stride - columns.filter],
    [0, 0],
    [0, 0],
  ]);
  const split = writer.reshape(padded, [rh, rows.stride, rw, columns.stride, size]);
  return writer.op('Transpose', [split], { perm: [0, 2, 1, 3, 4] });
}

/** The inverse of {@link emitWithPhases}. */
function emitWithoutPhases(writer: GraphWriter, { rows, columns, ...tiling }: Tiling, taps: string): string {
  if (tiling.phases === 1) return taps;
  const [rh, rw] = [rows.matrices.r, columns.matrices.r];
  const size = tiling.inChannels * tiling.outChannels;
  const split = writer.reshape(taps, [rh, rw, rows.stride, columns.stride, size]);
  const joined = writer.reshape(writer.op('Transpose', [split], { perm: [0, 2, 1, 3, 4] }), [
    rh * rows.stride,
    rw * columns.stride,
    size,
  ]);
  return emitPad(writer, joined, [
    [0, rows.filter - rh * rows.stride],
    [0, columns.filter - rw * columns.stride],
    [0, 0],
  ]);
}

/** A transform that makes an element of zeros behind its own. */
const withZeroRow = (matrix: readonly (readonly number[])[]): readonly (readonly number[])[] => [
  ...matrix,
  new Array<number>(matrix[0]!.length).fill(0),
];

/** Multiplies the first axis, [from, size] to [to, size]. */
function emitOuter(
  writer: GraphWriter,
  matrix: readonly (readonly number[])[],
  x: string,
  size: number,
): string {
  return emitInner(writer, matrix, x, 1, size);
}

/** Multiplies the middle axis of [outer, from, size]. */
function emitInner(
  writer: GraphWriter,
  matrix: readonly (readonly number[])[],
  x: string,
  outer: number,
  size: number,
): string {
  const [to, from] = [matrix.length, matrix[0]!.length];
  const constant = writer.numbers(matrix.flat(), [to, from]);
  const shape = outer === 1 ? [from, size] : [outer, from, size];
  return writer.op('MatMul', [constant, writer.reshape(x, shape)]);
}
