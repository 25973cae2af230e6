/** Moving whole pixels, [.., channels], which ONNX Runtime does at the speed of memory. */
import { emitSlice, END } from '../emit/slice.js';
import type { GraphWriter } from '../emit/writer.js';

/** Pixels of `channels` elements by their numbers: [numbers, channels]. */
export function emitPixels(
  writer: GraphWriter,
  x: string,
  channels: number,
  numbers: readonly number[],
): string {
  const indices = writer.numbers(numbers, [numbers.length], 'int32');
  return writer.op('Gather', [writer.reshape(x, [-1, channels]), indices], { axis: 0 });
}

/** Pads each axis with zeros; negative numbers crop. */
export function emitPad(
  writer: GraphWriter,
  x: string,
  pads: readonly (readonly [before: number, after: number])[],
): string {
  const cuts = pads.map(([before, after], axis) => ({
    axis,
    begin: Math.max(0, -before),
    end: after < 0 ? after : END,
    stride: 1,
  }));
  const source = emitSlice(writer, x, cuts);
  const zeros = [...pads.map(([before]) => before), ...pads.map(([, after]) => after)].map((pad) =>
    Math.max(0, pad),
  );
  return zeros.every((pad) => pad === 0) ? source : writer.op('Pad', [source, writer.int64s(zeros)]);
}

/** A row of zeros behind the rows of a matrix; half the time of a Pad. */
export function emitZeroRow(writer: GraphWriter, matrix: string, length: number): string {
  const zeros = writer.numbers(new Array<number>(length).fill(0), [1, length]);
  return writer.op('Concat', [matrix, zeros], { axis: 0 });
}

/** The sum over lists of pixel numbers of the pixels that they name: [numbers, channels]. */
export function emitSumOfPixels(
  writer: GraphWriter,
  x: string,
  channels: number,
  lists: readonly (readonly number[])[],
): string {
  const parts = lists.map((numbers) => emitPixels(writer, x, channels, numbers));
  return parts.reduce((sum, part) => writer.op('Add', [sum, part]));
}

/** Number of the pixel that has a term. */
type TermPlace<Term> = (image: number, row: Term, column: Term) => number;

/**
 * The lists that `emitSumOfPixels` adds up, where the terms of a pixel are those of its row with those of its column: as many as
 * a pixel may have, an entry for each [image, row, column].
 *
 * @param zeros number of a pixel of zeros, which stands where a pixel has fewer terms
 */
export function termsOfPixels<Term>(
  batch: number,
  rows: readonly (readonly Term[])[],
  columns: readonly (readonly Term[])[],
  zeros: number,
  placeOf: TermPlace<Term>,
): number[][] {
  const most = (terms: readonly (readonly Term[])[]): number =>
    Math.max(1, ...terms.map(({ length }) => length));
  return count(most(rows)).flatMap((a) =>
    count(most(columns)).map((b) =>
      count(batch).flatMap((image) =>
        rows.flatMap((ofRow) =>
          columns.map((ofColumn) => {
            const [row, column] = [ofRow[a], ofColumn[b]];
            return row === undefined || column === undefined ? zeros : placeOf(image, row, column);
          }),
        ),
      ),
    ),
  );
}

/** 0 .. length - 1 */
export const count = (length: number): number[] => Array.from({ length }, (_, i) => i);
