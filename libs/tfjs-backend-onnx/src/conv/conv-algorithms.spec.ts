import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
// Registers the gradients.
import '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { plainName, plainValue, type GraphValue } from '../emit/value.js';
import { GraphWriter } from '../emit/writer.js';
import { createSession, tensorFromValues } from '../onnx/binding.js';
import { modelFromGraph } from '../onnx/model.js';
import { tensor } from '../testing/numbers.js';
import { convAlgorithms, type ConvAlgorithm, type ConvAlgorithmName } from './algorithm.js';
import { convGeometryFromShapes, type ConvGeometry } from './geometry.js';
import { decideConvAlgorithm, suitsAlgorithm } from './rule.js';

interface ConvCase {
  readonly input: [number, number, number, number];
  readonly filter: [number, number, number, number];
  readonly strides: [number, number];
  readonly pad: 'same' | 'valid' | number;
  readonly dilations: [number, number];
}

/** The results of one case. */
type Passes = { y: Float32Array; dx?: Float32Array; dw?: Float32Array };

const size = (most: number) => fc.integer({ min: 1, max: most });
const anyCase = fc
  .record({
    batch: size(3),
    input: fc.tuple(size(14), size(14)),
    filter: fc.tuple(size(6), size(6)),
    channels: fc.tuple(size(17), size(17)),
    strides: fc.tuple(size(3), size(3)),
    pad: fc.oneof(fc.constantFrom('same' as const, 'valid' as const), fc.integer({ min: 0, max: 3 })),
    dilations: fc.constantFrom<[number, number]>([1, 1], [1, 1], [2, 1]),
  })
  .map(({ batch, input, filter, channels: [from, to], strides, pad, dilations }): ConvCase => ({
    input: [batch, ...input, from],
    filter: [...filter, from, to],
    // TensorFlow.js has no strides together with dilations.
    strides: dilations[0] === 1 ? strides : [1, 1],
    pad,
    dilations,
  }))
  .filter((c) => {
    const { output } = geometryOf(c);
    return output[0] > 0 && output[1] > 0;
  });

/** Largest error of each way, relative to the largest element of the result. */
const STATED_ERROR: Record<ConvAlgorithmName, number> = {
  winograd4: 2e-5,
  winograd7: 1e-4,
  im2col: 1e-5,
  thinInput: 1e-5,
  thinOutput: 1e-5,
  direct: 1e-5,
};

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe.each(Object.keys(convAlgorithms) as ConvAlgorithmName[])('convolution by %s', (name) => {
  it('agrees with TensorFlow.js on the output and both gradients', () => {
    fc.assert(
      fc.property(
        anyCase.filter((c) => suitsAlgorithm(name, geometryOf(c))),
        (c) => {
          expectAgreement(convAlgorithms[name], c, STATED_ERROR[name]);
        },
      ),
      { numRuns: 60, seed: 4 },
    );
  });

  it('adds a bias', () => {
    const c: ConvCase = {
      input: [2, 9, 7, 3],
      filter: [3, 3, 3, 2],
      strides: [1, 1],
      pad: 'same',
      dilations: [1, 1],
    };
    const [geometry, operands, bias] = [geometryOf(c), operandsOf(c), Float32Array.of(0.5, -2)];
    const plain = runGraph({ ...operands, bias }, (writer, { x, filter }) => [
      convAlgorithms[name].forward(writer, geometry, x, filter, undefined),
    ])[0]!;
    const biased = runGraph({ ...operands, bias }, (writer, { x, filter, bias: b }) => [
      convAlgorithms[name].forward(writer, geometry, x, filter, b),
    ])[0]!;
    expect(
      errorOf(
        biased,
        plain.map((y, i) => y + bias[i % 2]!),
      ),
    ).toBeLessThan(1e-6);
  });
});

describe('the rule', () => {
  it.each([
    { layer: 'second of D, seed', batch: 2, size: 16, channels: [128, 256], strides: 1, takes: 'winograd4' },
    { layer: 'third of D, seed', batch: 32, size: 8, channels: [256, 512], strides: 1, takes: 'winograd4' },
    {
      layer: 'first transposed of G, seed',
      batch: 16,
      size: 8,
      channels: [256, 256],
      strides: 2,
      takes: 'im2col',
    },
    { layer: 'second of D, dcgan', batch: 4, size: 14, channels: [64, 128], strides: 2, takes: 'im2col' },
    { layer: 'second of D, dcgan', batch: 64, size: 14, channels: [64, 128], strides: 2, takes: 'winograd7' },
    { layer: 'first of D', batch: 2, size: 32, channels: [3, 128], strides: 1, takes: 'thinInput' },
    { layer: 'last of G, seed', batch: 2, size: 32, channels: [64, 3], strides: 1, takes: 'thinOutput' },
  ] as const)('has $takes for the $layer', ({ batch, size: side, channels, strides, takes }) => {
    const input = [batch, side, side, channels[0]];
    const geometry = convGeometryFromShapes(input, [5, 5, ...channels], { strides, pad: 'same' });
    expect(decideConvAlgorithm(geometry)).toBe(takes);
  });

  it.each([
    ['winograd4', 1],
    ['winograd4', 2],
    ['winograd7', 2],
  ] as const)('keeps %s to its stated error with many channels and tiles, strides %i', (name, stride) => {
    expectAgreement(
      convAlgorithms[name],
      {
        input: [2, 16, 16, 64],
        filter: [5, 5, 64, 32],
        strides: [stride, stride],
        pad: 'same',
        dilations: [1, 1],
      },
      STATED_ERROR[name],
    );
  });

  it('leaves a convolution to ONNX Runtime when what is held between would be too large', () => {
    const geometry = (batch: number) =>
      convGeometryFromShapes([batch, 256, 256, 64], [5, 5, 64, 64], { strides: 1, pad: 'same' });
    expect(decideConvAlgorithm(geometry(16))).toBe('winograd4');
    expect(decideConvAlgorithm(geometry(17))).toBe('direct');
  });
});

/** TensorFlow.js takes one for padding in pixels only. */
const roundingOf = ({ pad }: ConvCase): 'floor' | undefined =>
  typeof pad === 'number' ? 'floor' : undefined;

function geometryOf(c: ConvCase): ConvGeometry {
  const { input, filter, strides, pad, dilations } = c;
  return convGeometryFromShapes(input, filter, { strides, pad, dilations, dimRoundingMode: roundingOf(c) });
}

function operandsOf(c: ConvCase): Record<'x' | 'filter' | 'dy', tf.Tensor> {
  const { batch, output, outChannels } = geometryOf(c);
  return {
    x: tensor(c.input, 1),
    filter: tensor(c.filter, 2),
    dy: tensor([batch, ...output, outChannels], 3),
  };
}

function expectAgreement(algorithm: ConvAlgorithm, c: ConvCase, error: number): void {
  const geometry = geometryOf(c);
  const operands = operandsOf(c);
  const expected = referenceOf(c, operands);
  const passes = runGraph(operands, (writer, { x, filter, dy }) => [
    algorithm.forward(writer, geometry, x, filter, undefined),
    algorithm.inputGradient(writer, geometry, dy, filter),
    algorithm.filterGradient(writer, geometry, x, dy),
  ]);
  Object.entries(expected).forEach(([pass, values], i) => {
    expect(passes[i]!.length).toBe(values.length);
    expect(errorOf(passes[i]!, values), `error of ${pass}`).toBeLessThanOrEqual(error);
  });
  tf.dispose(operands);
}

/** Largest difference, relative to the largest element; operands are of the order of 1, so no less than to that. */
function errorOf(actual: Float32Array, reference: Float32Array): number {
  let [difference, magnitude] = [0, 1];
  reference.forEach((value, i) => {
    difference = Math.max(difference, Math.abs(value - actual[i]!));
    magnitude = Math.max(magnitude, Math.abs(value));
  });
  return difference / magnitude;
}

/** The passes by TensorFlow.js' cpu backend. */
function referenceOf(c: ConvCase, { x, filter, dy }: ReturnType<typeof operandsOf>): Passes {
  return tf.tidy(() => {
    const f = (a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
      tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, c.strides, c.pad, 'NHWC', c.dilations, roundingOf(c));
    const values = (t: tf.Tensor): Float32Array => t.dataSync().slice() as Float32Array;
    const y = values(f(x, filter));
    if (isDilated(c)) return { y };
    const [dx, dw] = tf.grads(f)([x, filter], dy) as [tf.Tensor, tf.Tensor];
    return { y, dx: values(dx), dw: values(dw) };
  });
}

/** TensorFlow.js has no gradients of those. */
const isDilated = ({ dilations }: ConvCase): boolean => dilations.some((dilation) => dilation > 1);

/** Runs one graph over named inputs and returns the values that `write` makes. */
function runGraph<Name extends string>(
  inputs: Record<Name, tf.Tensor | Float32Array>,
  write: (writer: GraphWriter, values: Record<Name, GraphValue>) => GraphValue[],
): Float32Array[] {
  const writer = new GraphWriter(new Set());
  const given = (Object.entries(inputs) as [Name, tf.Tensor | Float32Array][]).map(([name, t]) => ({
    name,
    shape: t instanceof Float32Array ? [t.length] : t.shape,
    values: t instanceof Float32Array ? t : (t.dataSync() as Float32Array),
  }));
  const values = Object.fromEntries(
    given.map(({ name, shape }, i) => {
      writer.declareInput(name, i, 'float32', shape);
      return [name, plainValue(name, shape, 'float32')];
    }),
  ) as Record<Name, GraphValue>;
  const results = write(writer, values);
  const names = results.map((value) => plainName(writer, value));
  const session = createSession(
    modelFromGraph({
      nodes: writer.nodes,
      initializers: writer.initializers,
      inputs: [...writer.inputs.values()],
      outputs: results.map(({ shape }, i) => ({ name: names[i]!, type: 'float32', shape })),
    }),
    { threads: 1, executionProvider: 'cpu' },
  );
  const feeds = Object.fromEntries(
    [...writer.inputs.values()].map(({ name, source, shape }) => [
      name,
      tensorFromValues(given[source]!.values, 'float32', shape),
    ]),
  );
  const outputs = session.run(feeds, names);
  session.dispose();
  return names.map((name) => outputs[name]!.data as Float32Array);
}
