import type { GraphWriter } from './writer.js';

/** What is kept of an axis. */
export interface Cut {
  readonly axis: number;
  readonly begin: number;
  readonly end: number;
  readonly stride: number;
}

/** Past the end of any axis. */
export const END = 2 ** 31;

/** Slices axes; cuts that keep all of theirs are left out. */
export function emitSlice(writer: GraphWriter, x: string, cuts: readonly Cut[]): string {
  const real = cuts.filter(({ begin, end, stride }) => begin !== 0 || end !== END || stride !== 1);
  if (real.length === 0) return x;
  const lists = (['begin', 'end', 'axis', 'stride'] as const).map((key) => real.map((cut) => cut[key]));
  return writer.op('Slice', [x, ...lists.map((list) => writer.int64s(list))]);
}
