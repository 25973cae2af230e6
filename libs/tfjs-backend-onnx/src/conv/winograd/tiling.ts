/** How the output of a convolution is cut into tiles, and where the elements of a tile lie in memory. */
import type { ConvGeometry } from '../geometry.js';
import { count, termsOfPixels } from '../pixels.js';
import { winogradMatrices } from './matrices.js';
import type { WinogradMatrices } from './matrices.js';

/**
 * One axis of a convolution. A stride s is taken by polyphase decomposition: input and filter are split into s phases,
 * every s-th element each, and the convolution is the sum over the phases of convolutions of stride 1 with
 * r = ceil(filter / s) taps. The phases count as channels.
 */
export interface AxisTiling {
  readonly matrices: WinogradMatrices;
  readonly stride: number;
  readonly filter: number;
  readonly input: number;
  readonly output: number;
  readonly padBefore: number;
  /** Tiles of m outputs; the last one may hang over the edge. */
  readonly tiles: number;
}

/** Taps of a filter of stride 1 that a filter of this size and stride is made of. */
export const tapsOf = (filter: number, stride: number): number => Math.ceil(filter / stride);

/** Tiles of the axis, 0 for height and 1 for width. */
function axisTiling(geometry: ConvGeometry, tileSize: number, axis: 0 | 1): AxisTiling {
  const [stride, filter, output] = [geometry.strides[axis], geometry.filter[axis], geometry.output[axis]];
  const matrices = winogradMatrices(tileSize, tapsOf(filter, stride));
  return {
    matrices,
    stride,
    filter,
    input: geometry.input[axis],
    output,
    padBefore: geometry.padBefore[axis],
    tiles: Math.ceil(output / matrices.m),
  };
}

/** Both axes of a convolution and the sizes that its products have. */
export interface Tiling {
  readonly rows: AxisTiling;
  readonly columns: AxisTiling;
  readonly batch: number;
  /** Tiles of all images. */
  readonly tiles: number;
  /** Phases of both axes together. */
  readonly phases: number;
  /** Places in a tile: products that are summed apart. */
  readonly places: number;
  readonly inChannels: number;
  readonly outChannels: number;
}

/** @param tileSize outputs of a tile along an axis */
export function tilingOf(geometry: ConvGeometry, tileSize: number): Tiling {
  const [rows, columns] = [axisTiling(geometry, tileSize, 0), axisTiling(geometry, tileSize, 1)];
  const { batch, inChannels, outChannels } = geometry;
  return {
    rows,
    columns,
    batch,
    tiles: batch * rows.tiles * columns.tiles,
    phases: rows.stride * columns.stride,
    places: rows.matrices.n * columns.matrices.n,
    inChannels,
    outChannels,
  };
}

/**
 * The input line, [image, row], that each [n, phase, image, tile] of the vertical axis starts from: element i of a tile's phase
 * is row stride (m tile + i) + phase of the padded input. Lines of padding all have the number behind the last line.
 */
export function inputLines(
  { matrices: { m, n }, stride, tiles, input, padBefore }: AxisTiling,
  batch: number,
): number[] {
  return count(n).flatMap((i) =>
    count(stride).flatMap((phase) =>
      count(batch).flatMap((image) =>
        count(tiles).map((tile) => {
          const row = stride * (m * tile + i) + phase - padBefore;
          return row >= 0 && row < input ? image * input + row : batch * input;
        }),
      ),
    ),
  );
}

/**
 * For each [n vertical, n horizontal, image, tile row, tile column, vertical phase, horizontal phase], the pixel of what
 * the vertical transform made, [n vertical, vertical phase, image, tile row, input width]. Pixels of padding all have the number
 * behind the last pixel.
 */
export function inputPixels(rows: AxisTiling, columns: AxisTiling, batch: number): number[] {
  const { input, padBefore, stride } = columns;
  const { m, n } = columns.matrices;
  const zeros = rows.matrices.n * rows.stride * batch * rows.tiles * input;
  const pixels: number[] = [];
  for (let i = 0; i < rows.matrices.n; i++)
    for (let j = 0; j < n; j++)
      for (let tileRow = 0; tileRow < batch * rows.tiles; tileRow++)
        for (let tile = 0; tile < columns.tiles; tile++)
          for (let phaseRow = 0; phaseRow < rows.stride; phaseRow++)
            for (let phase = 0; phase < stride; phase++) {
              const line = (i * rows.stride + phaseRow) * batch * rows.tiles + tileRow;
              const column = stride * (m * tile + j) + phase - padBefore;
              pixels.push(column >= 0 && column < input ? line * input + column : zeros);
            }
  return pixels;
}

/** For each output pixel [image, row, column] its place in [m, m, image, tile row, tile column]. */
export function outputPixels(rows: AxisTiling, columns: AxisTiling, batch: number): number[] {
  const m = [rows.matrices.m, columns.matrices.m] as const;
  const pixels: number[] = [];
  for (let image = 0; image < batch; image++)
    for (let row = 0; row < rows.output; row++)
      for (let column = 0; column < columns.output; column++) {
        const inTile = (row % m[0]) * m[1] + (column % m[1]);
        const tileRow = image * rows.tiles + Math.floor(row / m[0]);
        pixels.push((inTile * batch * rows.tiles + tileRow) * columns.tiles + Math.floor(column / m[1]));
      }
  return pixels;
}

/** For each [m, m, image, tile row, tile column] the pixel of the output, padded to whole tiles. */
export function tiledPixels(rows: AxisTiling, columns: AxisTiling, batch: number): number[] {
  const m = [rows.matrices.m, columns.matrices.m] as const;
  const pixels: number[] = [];
  for (let i = 0; i < m[0]; i++)
    for (let j = 0; j < m[1]; j++)
      for (let tileRow = 0; tileRow < batch * rows.tiles; tileRow++)
        for (let tile = 0; tile < columns.tiles; tile++)
          pixels.push((m[0] * tileRow + i) * m[1] * columns.tiles + m[1] * tile + j);
  return pixels;
}

/** Pixels to add up: as many lists as there are terms, an entry for each input pixel [image, row, column]. */
export interface OverlappingPixels {
  readonly lists: readonly (readonly number[])[];
  /** Whether some pixel has fewer terms, so that its other ones are zeros. */
  readonly withZeros: boolean;
}

/**
 * Where the terms of the input's gradient lie in [n, n, image, tile row, tile column, vertical phase, horizontal phase], which
 * zeros follow where they are needed. Tiles are m apart and n long, so that up to two of an axis hold an element.
 */
export function overlappingPixels(rows: AxisTiling, columns: AxisTiling, batch: number): OverlappingPixels {
  const phases = rows.stride * columns.stride;
  const zeros = rows.matrices.n * columns.matrices.n * batch * rows.tiles * columns.tiles * phases;
  const places = (axis: AxisTiling): Place[][] =>
    count(axis.input).map((index) => placesInTiles(axis, index));
  const lists = termsOfPixels(batch, places(rows), places(columns), zeros, (image, row, column) => {
    const inTile = row.element * columns.matrices.n + column.element;
    const tile = ((inTile * batch + image) * rows.tiles + row.tile) * columns.tiles + column.tile;
    return (tile * rows.stride + row.phase) * columns.stride + column.phase;
  });
  return { lists, withZeros: lists.some((list) => list.includes(zeros)) };
}

interface Place {
  readonly tile: number;
  readonly element: number;
  readonly phase: number;
}

/** Where tiles hold an input element. */
function placesInTiles({ matrices: { m, n }, stride, padBefore, tiles }: AxisTiling, index: number): Place[] {
  const padded = index + padBefore;
  const position = Math.floor(padded / stride);
  const own = Math.floor(position / m);
  return [own, own - 1].flatMap((tile) => {
    const element = position - m * tile;
    return tile >= 0 && tile < tiles && element < n ? [{ tile, element, phase: padded % stride }] : [];
  });
}
