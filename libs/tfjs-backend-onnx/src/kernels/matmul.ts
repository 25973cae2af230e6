/** Matrix products. */
import { backend_util, util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { emitActivation } from '../emit/activation.js';
import type { Activation } from '../emit/activation.js';
import type { LazyOp } from '../emit/op.js';
import { plainName, plainValue, sizeOf, viewOf } from '../emit/value.js';
import type { GraphValue } from '../emit/value.js';
import type { GraphWriter } from '../emit/writer.js';
import { haveDtype, inputOf } from './kernel.js';
import type { KernelCall, LazyKernel } from './kernel.js';

interface MatMulAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly activation: Activation;
  readonly leakyreluAlpha: number;
  /** Shape of the result. */
  readonly shape: readonly number[];
}

/** act(op(a) op(b) + bias), of matrices or of batches of them. */
const MAT_MUL_OP: LazyOp = {
  name: 'MatMul',
  emit: (writer, [a, b, bias], attributes: MatMulAttributes) => {
    const isMatrix = [a!, b!].every((x) => sizeOf(x.shape.slice(0, -2)) === 1);
    const product = isMatrix
      ? emitGemm(writer, a!, b!, bias, attributes)
      : emitBatched(writer, a!, b!, bias, attributes);
    return [viewOf(writer, product, attributes.shape)];
  },
};

function emitGemm(
  writer: GraphWriter,
  a: GraphValue,
  b: GraphValue,
  bias: GraphValue | undefined,
  { transposeA, transposeB, activation, leakyreluAlpha, shape }: MatMulAttributes,
): GraphValue {
  const matrices = [a, b].map((x) => plainName(writer, viewOf(writer, x, x.shape.slice(-2))));
  if (!bias && transposeB && isMuchShorter(shape)) {
    // The second operand is copied into blocks while it is read, the first is not: so the large one goes first.
    const swapped = writer.op('Gemm', [matrices[1]!, matrices[0]!], {
      transA: 0,
      transB: Number(!transposeA),
    });
    const product = writer.op('Transpose', [swapped], { perm: [1, 0] });
    return plainValue(
      emitActivation(writer, product, activation, leakyreluAlpha),
      shape.slice(-2),
      'float32',
    );
  }
  const addend = bias && [plainName(writer, viewOf(writer, bias, bias.shape.slice(-2)))];
  const attributes = { transA: Number(transposeA), transB: Number(transposeB) };
  const product = writer.op('Gemm', [...matrices, ...(addend ?? [])], attributes);
  return plainValue(emitActivation(writer, product, activation, leakyreluAlpha), shape.slice(-2), 'float32');
}

/** Whether a product has so few rows that turning it costs less than copying its second operand. */
function isMuchShorter(shape: readonly number[]): boolean {
  return 16 * shape.at(-2)! <= shape.at(-1)!;
}

function emitBatched(
  writer: GraphWriter,
  a: GraphValue,
  b: GraphValue,
  bias: GraphValue | undefined,
  { transposeA, transposeB, activation, leakyreluAlpha, shape }: MatMulAttributes,
): GraphValue {
  const names = [plainName(writer, a), plainName(writer, b)];
  let product =
    transposeA || transposeB
      ? writer.op(
          'FusedMatMul',
          names,
          { transA: Number(transposeA), transB: Number(transposeB) },
          'com.microsoft',
        )
      : writer.op('MatMul', names);
  if (bias) product = writer.op('Add', [product, plainName(writer, bias)]);
  return plainValue(emitActivation(writer, product, activation, leakyreluAlpha), shape, 'float32');
}

function recordMatMul(call: KernelCall): TensorInfo | undefined {
  const a = inputOf(call, 'a');
  const b = inputOf(call, 'b');
  const { bias, preluActivationWeights } = call.inputs;
  const operands = bias ? [a, b, bias] : [a, b];
  if (!haveDtype(operands, 'float32') || preluActivationWeights) return undefined;
  const { transposeA, transposeB } = call.attributes;
  util.assert(
    a.shape.at(transposeA ? -2 : -1) === b.shape.at(transposeB ? -1 : -2),
    () => `matMul: inner dimensions of [${a.shape.join()}] and [${b.shape.join()}] must match`,
  );
  const shape = [
    ...backend_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2)),
    a.shape.at(transposeA ? -1 : -2)!,
    b.shape.at(transposeB ? -2 : -1)!,
  ];
  const attributes: MatMulAttributes = {
    transposeA: Boolean(transposeA),
    transposeB: Boolean(transposeB),
    activation: (call.attributes.activation ?? 'linear') as Activation,
    leakyreluAlpha: (call.attributes.leakyreluAlpha ?? 0.2) as number,
    shape,
  };
  const inputs = operands.map((t) => call.recorder.use(t));
  return call.recorder.record(MAT_MUL_OP, inputs, attributes, [{ shape, dtype: 'float32' }])[0];
}

export const matMulKernels: readonly LazyKernel[] = [
  { name: 'BatchMatMul', record: recordMatMul },
  { name: '_FusedMatMul', record: recordMatMul },
];
