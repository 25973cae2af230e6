/**
 * Convolutions of an image of very few channels, by plane: a row of the patch matrix is a shifted plane of a channel. Whole
 * lines are moved where im2col.ts would move pixels of one to three numbers.
 */
import { nameIn, permutedValue } from '../emit/value.js';
import type { GraphValue, Permutation } from '../emit/value.js';
import { emitSlice, END } from '../emit/slice.js';
import type { GraphWriter } from '../emit/writer.js';
import type { ConvAlgorithm } from './algorithm.js';
import type { ConvGeometry } from './geometry.js';
import { filterFromMatrix, filterMatrix, outputFromMatrix, outputMatrix } from './matrices.js';
import { count, emitPad } from './pixels.js';

/** NHWC stored as CNHW. */
const CNHW: Permutation = [3, 0, 1, 2];

export const thinInputConvolution: ConvAlgorithm = {
  forward(writer, geometry, x, filter, bias) {
    const operands = [emitPatches(writer, geometry, x), filterMatrix(writer, geometry, filter)];
    const product = writer.op('FusedMatMul', operands, { transA: 1 }, 'com.microsoft');
    return outputFromMatrix(writer, geometry, product, bias);
  },

  inputGradient(writer, geometry, dy, filter) {
    const { batch, input, inChannels } = geometry;
    const weights = filterMatrix(writer, geometry, filter);
    const rows = outputMatrix(writer, geometry, dy);
    const planes = writer.op('FusedMatMul', [weights, rows], { transB: 1 }, 'com.microsoft');
    const dx = emitOverlapped(writer, geometry, planes);
    return permutedValue(dx, [batch, ...input, inChannels], 'float32', CNHW);
  },

  filterGradient(writer, geometry, x, dy) {
    const operands = [emitPatches(writer, geometry, x), outputMatrix(writer, geometry, dy)];
    return filterFromMatrix(writer, geometry, writer.op('MatMul', operands));
  },
};

/** [filter elements * Cin, batch * Ho * Wo] */
function emitPatches(writer: GraphWriter, geometry: ConvGeometry, x: GraphValue): string {
  const { batch, output, filter, inChannels, strides, dilations, padBefore, padAfter } = geometry;
  const source = nameIn(writer, x, CNHW);
  return writer.once(`planes ${source} ${JSON.stringify({ ...geometry, outChannels: 0 })}`, () => {
    const padded = emitPad(writer, source, [
      [0, 0],
      [0, 0],
      [padBefore[0], padAfter[0]],
      [padBefore[1], padAfter[1]],
    ]);
    // Lines are moved as wholes, where every element of a strided slice is moved by itself: so each phase is sliced once.
    const phases = elementsOf(strides).map((begins) =>
      emitSlice(
        writer,
        padded,
        begins.map((begin, i) => ({ axis: 2 + i, begin, end: END, stride: strides[i]! })),
      ),
    );
    const shifted = elementsOf(filter).map((element) => {
      const [row, column] = element.map((at, axis) => at * dilations[axis]!) as [number, number];
      const phase = (row % strides[0]) * strides[1] + (column % strides[1]);
      const cuts = [row, column].map((at, i) => {
        const begin = Math.floor(at / strides[i]!);
        return { axis: 2 + i, begin, end: begin + output[i]!, stride: 1 };
      });
      return emitSlice(writer, phases[phase]!, cuts);
    });
    const rows = shifted.length === 1 ? shifted[0]! : writer.op('Concat', shifted, { axis: 0 });
    const size = batch * output[0] * output[1];
    return writer.reshape(rows, [filter[0] * filter[1] * inChannels, size]);
  });
}

/**
 * Adds up the planes of all filter elements, [filter elements, Cin, batch, Ho, Wo], each where it reaches the input:
 * [Cin, batch, H, W]. Elements whose distances are multiples of the stride reach the same input phase.
 */
function emitOverlapped(writer: GraphWriter, geometry: ConvGeometry, planes: string): string {
  const { batch, input, output, filter, inChannels, strides, dilations, padBefore } = geometry;
  const elements = elementsOf(filter);
  const shape = [elements.length, inChannels * batch, ...output];
  const taps =
    elements.length === 1
      ? [writer.reshape(planes, shape)]
      : writer.ops(
          'Split',
          [writer.reshape(planes, shape), writer.int64s(elements.map(() => 1))],
          elements.length,
          { axis: 0 },
        );
  // Long enough for the input and for every plane.
  const lengths = ([0, 1] as const).map((axis) => {
    const reach = Math.floor(((filter[axis] - 1) * dilations[axis]) / strides[axis]) + output[axis];
    return Math.max(reach, Math.ceil((input[axis] + padBefore[axis]) / strides[axis]));
  }) as [number, number];
  const phases = elementsOf(strides).map(([phaseRow, phaseColumn]) => {
    const parts = elements.flatMap(([i, j], tap) => {
      const [row, column] = [i * dilations[0], j * dilations[1]];
      if (row % strides[0] !== phaseRow || column % strides[1] !== phaseColumn) return [];
      const [above, left] = [Math.floor(row / strides[0]), Math.floor(column / strides[1])];
      return emitPad(writer, taps[tap]!, [
        [0, 0],
        [0, 0],
        [above, lengths[0] - output[0] - above],
        [left, lengths[1] - output[1] - left],
      ]);
    });
    const phaseShape = [1, inChannels * batch, ...lengths];
    if (parts.length === 0) return writer.op('Expand', [writer.scalar(0), writer.int64s(phaseShape)]);
    return parts.length === 1 ? parts[0]! : writer.op('Sum', parts);
  });
  const padded = emitInterleaved(writer, phases, strides, [inChannels * batch, ...lengths]);
  const cropped = emitPad(writer, padded, [
    [0, 0],
    ...([0, 1] as const).map((axis): [number, number] => [
      -padBefore[axis],
      padBefore[axis] + input[axis] - lengths[axis] * strides[axis],
    ]),
  ]);
  return writer.reshape(cropped, [inChannels, batch, ...input]);
}

/** Phases [1, planes, h, w] of an image to [planes, h * stride, w * stride]. */
function emitInterleaved(
  writer: GraphWriter,
  phases: readonly string[],
  strides: readonly [number, number],
  [planes, height, width]: readonly number[],
): string {
  if (phases.length === 1) return writer.reshape(phases[0]!, [planes!, height!, width!]);
  const stacked = writer.reshape(writer.op('Concat', phases, { axis: 0 }), [
    ...strides,
    planes!,
    height!,
    width!,
  ]);
  const ordered = writer.op('Transpose', [stacked], { perm: [2, 3, 0, 4, 1] });
  return writer.reshape(ordered, [planes!, height! * strides[0], width! * strides[1]]);
}

function elementsOf([rows, columns]: readonly [number, number]): [number, number][] {
  return count(rows).flatMap((i) => count(columns).map((j): [number, number] => [i, j]));
}
