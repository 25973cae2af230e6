/**
 * Max pooling of 2 x 2 windows that touch, channels last: the maximum of left and right, then of upper and lower. ONNX
 * Runtime's MaxPool takes several times as long where it must say which element was the largest, and wants channels first.
 */
import { plainName } from '../emit/value.js';
import type { GraphValue } from '../emit/value.js';
import type { GraphWriter } from '../emit/writer.js';

/** The maxima of x [N, H, W, C], with even H and W, as [N, H / 2, W / 2, C]. */
export function emitMaxOfPairs(writer: GraphWriter, x: GraphValue): string {
  const { upper, lower } = emitPairs(writer, x);
  return writer.op('Max', [upper, lower]);
}

/** The gradient of x: each dy [N, H / 2, W / 2, C] goes to the first of its window's maxima in row-major order. */
export function emitMaxOfPairsGradient(writer: GraphWriter, x: GraphValue, dy: GraphValue): string {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const { left, right, upper, lower } = emitPairs(writer, x);
  const lines = writer.reshape(plainName(writer, dy), [(batch * height) / 2, 1, (width / 2) * channels]);
  const rows = emitChoice(writer, upper, lower, lines);
  const pixels = writer.reshape(rows, [(batch * height * width) / 2, 1, channels]);
  return emitChoice(writer, left, right, pixels);
}

interface Pairs {
  /** [N * H * W / 2, 1, C] */
  readonly left: string;
  readonly right: string;
  /** Maxima of left and right, [N * H / 2, 1, W / 2 * C]. */
  readonly upper: string;
  readonly lower: string;
}

/** Written once for the forward and the backward pass of a graph. */
function emitPairs(writer: GraphWriter, x: GraphValue): Pairs {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const source = plainName(writer, x);
  const [left, right, upper, lower] = writer.once(`pairs ${source}`, () => {
    const columns = emitHalves(writer, writer.reshape(source, [(batch * height * width) / 2, 2, channels]));
    const widest = writer.reshape(writer.op('Max', columns), [
      (batch * height) / 2,
      2,
      (width / 2) * channels,
    ]);
    return [...columns, ...emitHalves(writer, widest)] as const;
  });
  return { left, right, upper, lower };
}

function emitHalves(writer: GraphWriter, x: string): [string, string] {
  return writer.ops('Split', [x, writer.int64s([1, 1])], 2, { axis: 1 }) as [string, string];
}

/** Two values side by side on axis 1: dy where the first is not the smaller one, and dy where it is, zeros elsewhere. */
function emitChoice(writer: GraphWriter, first: string, second: string, dy: string): string {
  // A product with 0 or 1: Where takes three times as long.
  const isFirst = writer.cast(writer.op('GreaterOrEqual', [first, second]), 'float32');
  const ofFirst = writer.op('Mul', [dy, isFirst]);
  return writer.op('Concat', [ofFirst, writer.op('Sub', [dy, ofFirst])], { axis: 1 });
}
