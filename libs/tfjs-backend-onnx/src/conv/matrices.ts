/** A convolution's operands and results as matrices, channels last. */
import { plainName, plainValue } from '../emit/value.js';
import type { GraphValue } from '../emit/value.js';
import type { GraphWriter } from '../emit/writer.js';
import type { ConvGeometry } from './geometry.js';

/** [filter elements * Cin, Cout] */
export function filterMatrix(writer: GraphWriter, geometry: ConvGeometry, filter: GraphValue): string {
  const { filter: size, inChannels, outChannels } = geometry;
  return writer.reshape(plainName(writer, filter), [size[0] * size[1] * inChannels, outChannels]);
}

/** [batch * Ho * Wo, Cout] */
export function outputMatrix(writer: GraphWriter, geometry: ConvGeometry, y: GraphValue): string {
  const { batch, output, outChannels } = geometry;
  return writer.reshape(plainName(writer, y), [batch * output[0] * output[1], outChannels]);
}

/** The output of which a matrix has the pixels, with a bias [Cout] added. */
export function outputFromMatrix(
  writer: GraphWriter,
  { batch, output, outChannels }: ConvGeometry,
  matrix: string,
  bias: GraphValue | undefined,
): GraphValue {
  const biased = bias ? writer.op('Add', [matrix, plainName(writer, bias)]) : matrix;
  return reshapedValue(writer, biased, [batch, ...output, outChannels]);
}

/** The gradient of the input of which a matrix has the pixels. */
export function inputFromMatrix(
  writer: GraphWriter,
  { batch, input, inChannels }: ConvGeometry,
  matrix: string,
): GraphValue {
  return reshapedValue(writer, matrix, [batch, ...input, inChannels]);
}

/** The gradient of the filter, [filter elements * Cin, Cout] as a filter. */
export function filterFromMatrix(
  writer: GraphWriter,
  { filter, inChannels, outChannels }: ConvGeometry,
  matrix: string,
): GraphValue {
  return reshapedValue(writer, matrix, [...filter, inChannels, outChannels]);
}

function reshapedValue(writer: GraphWriter, name: string, shape: readonly number[]): GraphValue {
  return plainValue(writer.reshape(name, shape), shape, 'float32');
}
