/** Batch normalisation with given statistics. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { emitElementwise } from '../emit/elementwise.js';
import type { LazyOp } from '../emit/op.js';
import { haveDtype, inputOf } from './kernel.js';
import type { KernelCall, LazyKernel } from './kernel.js';

interface BatchNormAttributes {
  readonly epsilon: number;
  readonly hasScale: boolean;
  readonly hasOffset: boolean;
}

/** scale (x - mean) / sqrt(variance + epsilon) + offset. */
const BATCH_NORM_OP: LazyOp = {
  name: 'FusedBatchNorm',
  emit: (writer, inputs, { epsilon, hasScale, hasOffset }: BatchNormAttributes) => [
    emitElementwise(writer, inputs, inputs[0]!.shape, 'float32', ([x, mean, variance, ...rest]) => {
      const deviation = writer.op('Sqrt', [writer.op('Add', [variance!, writer.scalar(epsilon)])]);
      const factor = writer.op('Div', [hasScale ? rest[0]! : writer.scalar(1), deviation]);
      const scaled = writer.op('Mul', [writer.op('Sub', [x!, mean!]), factor]);
      return hasOffset ? writer.op('Add', [scaled, rest.at(-1)!]) : scaled;
    }),
  ],
};

function recordBatchNorm(call: KernelCall): TensorInfo | undefined {
  const x = inputOf(call, 'x');
  const { scale, offset } = call.inputs;
  const operands = [x, inputOf(call, 'mean'), inputOf(call, 'variance')];
  if (scale) operands.push(scale);
  if (offset) operands.push(offset);
  if (!haveDtype(operands, 'float32')) return undefined;
  const attributes: BatchNormAttributes = {
    epsilon: call.attributes.varianceEpsilon as number,
    hasScale: scale !== undefined,
    hasOffset: offset !== undefined,
  };
  const inputs = operands.map((t) => call.recorder.use(t));
  return call.recorder.record(BATCH_NORM_OP, inputs, attributes, [{ shape: x.shape, dtype: 'float32' }])[0];
}

export const normalizationKernels: readonly LazyKernel[] = [
  { name: 'FusedBatchNorm', record: recordBatchNorm },
];
