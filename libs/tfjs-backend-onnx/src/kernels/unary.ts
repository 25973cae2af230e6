/** Element-wise kernels of one tensor. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { emitActivation } from '../emit/activation.js';
import { emitElementwise } from '../emit/elementwise.js';
import type { LazyOp } from '../emit/op.js';
import type { GraphWriter } from '../emit/writer.js';
import type { TensorDtype } from '../onnx/binding.js';
import { inputOf, tensorDtype } from './kernel.js';
import type { KernelCall, LazyKernel } from './kernel.js';

type Attributes = Readonly<Record<string, number>> | undefined;
type EmitUnary = (writer: GraphWriter, x: string, attributes: Attributes) => string;

/** Kernels of float32 that stay float32. Attributes that a kernel reads stand behind its name. */
const FLOAT_OPS: Readonly<Record<string, { emit: EmitUnary; attributes?: readonly string[] }>> = {
  Abs: { emit: simple('Abs') },
  Ceil: { emit: simple('Ceil') },
  ClipByValue: {
    emit: (w, x, a) => w.op('Clip', [x, w.scalar(a!.clipValueMin!), w.scalar(a!.clipValueMax!)]),
    attributes: ['clipValueMin', 'clipValueMax'],
  },
  Elu: { emit: (w, x) => emitActivation(w, x, 'elu') },
  Erf: { emit: simple('Erf') },
  Exp: { emit: simple('Exp') },
  Floor: { emit: simple('Floor') },
  LeakyRelu: { emit: (w, x, a) => emitActivation(w, x, 'leakyrelu', a!.alpha), attributes: ['alpha'] },
  Log: { emit: simple('Log') },
  Log1p: { emit: emitLog1p },
  Neg: { emit: simple('Neg') },
  Reciprocal: { emit: simple('Reciprocal') },
  Relu: { emit: (w, x) => emitActivation(w, x, 'relu') },
  Relu6: { emit: (w, x) => emitActivation(w, x, 'relu6') },
  Round: { emit: simple('Round') },
  Rsqrt: { emit: (w, x) => w.op('Div', [w.scalar(1), w.op('Sqrt', [x])]) },
  Sigmoid: { emit: (w, x) => emitActivation(w, x, 'sigmoid') },
  Sign: { emit: emitSign },
  Softplus: { emit: simple('Softplus') },
  Sqrt: { emit: simple('Sqrt') },
  Square: { emit: (w, x) => w.op('Mul', [x, x]) },
  Step: { emit: emitStep, attributes: ['alpha'] },
  Tanh: { emit: simple('Tanh') },
};

/** Kernels of float32 that answer with bool. */
const TEST_OPS: Readonly<Record<string, EmitUnary>> = {
  IsFinite: (w, x) => w.op('Not', [w.op('Or', [w.op('IsNaN', [x]), w.op('IsInf', [x])])]),
  IsInf: simple('IsInf'),
  IsNan: simple('IsNaN'),
};

function simple(op: string): EmitUnary {
  return (writer, x) => writer.op(op, [x]);
}

/** x log(u) / (u - 1) with u = 1 + x as rounded (Higham, Accuracy and Stability of Numerical Algorithms, 1.14.1). */
function emitLog1p(writer: GraphWriter, x: string): string {
  const one = writer.scalar(1);
  const u = writer.op('Add', [x, one]);
  const rounded = writer.op('Sub', [u, one]);
  const log = writer.op('Log', [u]);
  const corrected = writer.op('Mul', [log, writer.op('Div', [x, rounded])]);
  const isTiny = writer.op('Equal', [rounded, writer.scalar(0)]);
  // Nothing was rounded away; infinity over infinity would be no number.
  const isExact = writer.op('Equal', [rounded, x]);
  return writer.op('Where', [isTiny, x, writer.op('Where', [isExact, log, corrected])]);
}

/** NaN is neither above nor below 0, so its sign is 0, as in TensorFlow.js. */
function emitSign(writer: GraphWriter, x: string): string {
  const zero = writer.scalar(0);
  const [above, below] = ['Greater', 'Less'].map((op) =>
    writer.cast(writer.op(op, [x, zero]), 'float32'),
  ) as [string, string];
  return writer.op('Sub', [above, below]);
}

/** 1 where x > 0, else alpha; NaN stays NaN. The alphas that gradients use have shorter forms. */
function emitStep(writer: GraphWriter, x: string, attributes: Attributes): string {
  const alpha = attributes!.alpha!;
  const above = (floor: number): string =>
    writer.op('Clip', [writer.op('Ceil', [x]), writer.scalar(floor), writer.scalar(1)]);
  if (alpha >= 0 && alpha <= 1) return above(alpha);
  if (alpha === -1) {
    return writer.op('Sub', [writer.op('Mul', [above(0), writer.scalar(2)]), writer.scalar(1)]);
  }
  const positive = writer.op('Greater', [x, writer.scalar(0)]);
  const step = writer.op('Where', [positive, writer.scalar(1), writer.scalar(alpha)]);
  return writer.op('Where', [writer.op('IsNaN', [x]), x, step]);
}

function unaryKernel(
  name: string,
  accepts: TensorDtype,
  answers: TensorDtype,
  emit: EmitUnary,
  attributeNames: readonly string[] = [],
): LazyKernel {
  const op: LazyOp = {
    name,
    emit: (writer, [x], attributes) => [
      emitElementwise(writer, [x!], x!.shape, answers, ([n]) => emit(writer, n!, attributes)),
    ],
  };
  return {
    name,
    record: (call) => {
      const x = inputOf(call, 'x');
      if (x.dtype !== accepts) return undefined;
      const attributes =
        attributeNames.length > 0
          ? Object.fromEntries(attributeNames.map((key) => [key, call.attributes[key]]))
          : undefined;
      return call.recorder.record(op, [call.recorder.use(x)], attributes, [
        { shape: x.shape, dtype: answers },
      ])[0];
    },
  };
}

const CAST_OP: LazyOp = {
  name: 'Cast',
  emit: (writer, [x], { dtype }: { dtype: TensorDtype }) => [
    emitElementwise(writer, [x!], x!.shape, dtype, ([n]) => writer.cast(n!, dtype)),
  ],
};

function recordCast(call: KernelCall): TensorInfo | undefined {
  const x = inputOf(call, 'x');
  const dtype = tensorDtype(call.attributes.dtype as TensorInfo['dtype']);
  if (x.dtype === dtype) return call.recorder.view(x, x.shape);
  if (!dtype || !tensorDtype(x.dtype)) return undefined;
  return call.recorder.record(CAST_OP, [call.recorder.use(x)], { dtype }, [{ shape: x.shape, dtype }])[0];
}

export const unaryKernels: readonly LazyKernel[] = [
  ...Object.entries(FLOAT_OPS).map(([name, { emit, attributes }]) =>
    unaryKernel(name, 'float32', 'float32', emit, attributes),
  ),
  ...Object.entries(TEST_OPS).map(([name, emit]) => unaryKernel(name, 'float32', 'bool', emit)),
  unaryKernel('LogicalNot', 'bool', 'bool', simple('Not')),
  { name: 'Cast', record: recordCast },
];
