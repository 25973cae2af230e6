/** Element-wise kernels of two or more tensors, with broadcasting. */
import { backend_util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { broadcastShape, emitElementwise } from '../emit/elementwise.js';
import type { LazyOp } from '../emit/op.js';
import { broadcastValue, sameShape } from '../emit/value.js';
import type { GraphValue } from '../emit/value.js';
import type { GraphWriter } from '../emit/writer.js';
import type { TensorDtype } from '../onnx/binding.js';
import { haveDtype, inputList, inputOf, tensorDtype } from './kernel.js';
import type { KernelCall, LazyKernel } from './kernel.js';

type EmitBinary = (writer: GraphWriter, a: string, b: string) => string;

interface BinaryOp {
  readonly emit: EmitBinary;
  readonly accepts: readonly TensorDtype[];
  /** Output dtype; the inputs' where it isn't given. */
  readonly answers?: TensorDtype;
}

const NUMBERS = ['float32', 'int32'] as const;

const BINARY_OPS: Readonly<Record<string, BinaryOp>> = {
  Add: { emit: simple('Add'), accepts: NUMBERS },
  Sub: { emit: simple('Sub'), accepts: NUMBERS },
  Maximum: { emit: simple('Max'), accepts: NUMBERS },
  Minimum: { emit: simple('Min'), accepts: NUMBERS },
  RealDiv: { emit: simple('Div'), accepts: ['float32'] },
  Pow: { emit: simple('Pow'), accepts: ['float32'] },
  SquaredDifference: {
    emit: (w, a, b) => {
      const difference = w.op('Sub', [a, b]);
      return w.op('Mul', [difference, difference]);
    },
    accepts: NUMBERS,
  },
  Greater: { emit: simple('Greater'), accepts: NUMBERS, answers: 'bool' },
  GreaterEqual: { emit: simple('GreaterOrEqual'), accepts: NUMBERS, answers: 'bool' },
  Less: { emit: simple('Less'), accepts: NUMBERS, answers: 'bool' },
  LessEqual: { emit: simple('LessOrEqual'), accepts: NUMBERS, answers: 'bool' },
  Equal: { emit: simple('Equal'), accepts: [...NUMBERS, 'bool'], answers: 'bool' },
  NotEqual: {
    emit: (w, a, b) => w.op('Not', [w.op('Equal', [a, b])]),
    accepts: [...NUMBERS, 'bool'],
    answers: 'bool',
  },
  LogicalAnd: { emit: simple('And'), accepts: ['bool'] },
  LogicalOr: { emit: simple('Or'), accepts: ['bool'] },
};

function simple(op: string): EmitBinary {
  return (writer, a, b) => writer.op(op, [a, b]);
}

function binaryOp(name: string, { emit, answers }: BinaryOp): LazyOp {
  return {
    name,
    emit: (writer, [a, b]) => {
      const shape = broadcastShape([a!.shape, b!.shape]);
      const dtype = answers ?? a!.dtype;
      return [emitElementwise(writer, [a!, b!], shape, dtype, ([x, y]) => emit(writer, x!, y!))];
    },
  };
}

/** Multiplication, with the ones that TensorFlow.js's gradients of sum and mean multiply by left out (x * 1 = x). */
const MULTIPLY_OP: LazyOp = {
  name: 'Multiply',
  emit: (writer, [a, b]) => {
    const shape = broadcastShape([a!.shape, b!.shape]);
    if (a!.splat === 1) return [broadcastOf(b!, shape)];
    if (b!.splat === 1) return [broadcastOf(a!, shape)];
    return [emitElementwise(writer, [a!, b!], shape, a!.dtype, (names) => writer.op('Mul', names))];
  },
};

function broadcastOf(value: GraphValue, shape: readonly number[]): GraphValue {
  return sameShape(value.shape, shape) ? value : broadcastValue(value.core ?? value, shape);
}

function binaryKernel(name: string, op: LazyOp, { accepts, answers }: Omit<BinaryOp, 'emit'>): LazyKernel {
  return {
    name,
    record: (call) => {
      const a = inputOf(call, 'a');
      const b = inputOf(call, 'b');
      const dtype = tensorDtype(a.dtype);
      if (!dtype || !haveDtype([a, b], ...accepts)) return undefined;
      const shape = backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
      const inputs = [call.recorder.use(a), call.recorder.use(b)];
      return call.recorder.record(op, inputs, undefined, [{ shape, dtype: answers ?? dtype }])[0];
    },
  };
}

const ADD_N_OP: LazyOp = {
  name: 'AddN',
  emit: (writer, inputs) => [
    emitElementwise(writer, inputs, inputs[0]!.shape, 'float32', (names) =>
      names.reduce((sum, name) => writer.op('Add', [sum, name])),
    ),
  ],
};

function recordAddN(call: KernelCall): TensorInfo | undefined {
  const tensors = inputList(call);
  if (!haveDtype(tensors, 'float32')) return undefined;
  const inputs = tensors.map((t) => call.recorder.use(t));
  const shape = tensors[0]!.shape;
  return call.recorder.record(ADD_N_OP, inputs, undefined, [{ shape, dtype: 'float32' }])[0];
}

const SELECT_OP: LazyOp = {
  name: 'Select',
  emit: (writer, inputs) => [
    emitElementwise(writer, inputs, inputs[0]!.shape, inputs[1]!.dtype, (names) => writer.op('Where', names)),
  ],
};

function recordSelect(call: KernelCall): TensorInfo | undefined {
  const condition = inputOf(call, 'condition');
  const t = inputOf(call, 't');
  const e = inputOf(call, 'e');
  const dtype = tensorDtype(t.dtype);
  if (condition.dtype !== 'bool' || !dtype || !haveDtype([t, e], ...NUMBERS)) return undefined;
  if (![t, e].every((x) => sameShape(x.shape, condition.shape))) return undefined;
  const inputs = [condition, t, e].map((x) => call.recorder.use(x));
  return call.recorder.record(SELECT_OP, inputs, undefined, [{ shape: t.shape, dtype }])[0];
}

/** dy where y >= 0, else dy (y + 1): the gradient of elu from its output. */
const ELU_GRAD_OP: LazyOp = {
  name: 'EluGrad',
  emit: (writer, [dy, y]) => [
    emitElementwise(writer, [dy!, y!], y!.shape, 'float32', ([g, out]) =>
      writer.op('Where', [
        writer.op('GreaterOrEqual', [out!, writer.scalar(0)]),
        g!,
        writer.op('Mul', [g!, writer.op('Add', [out!, writer.scalar(1)])]),
      ]),
    ),
  ],
};

/** x where it is not below 0, else alpha x. */
const PRELU_OP: LazyOp = {
  name: 'Prelu',
  emit: (writer, inputs) => [
    emitElementwise(writer, inputs, broadcastShape(inputs.map((x) => x.shape)), 'float32', ([x, alpha]) =>
      writer.op('Where', [writer.op('Less', [x!, writer.scalar(0)]), writer.op('Mul', [alpha!, x!]), x!]),
    ),
  ],
};

function recordPrelu(call: KernelCall): TensorInfo | undefined {
  const x = inputOf(call, 'x');
  const alpha = inputOf(call, 'alpha');
  if (!haveDtype([x, alpha], 'float32')) return undefined;
  const shape = backend_util.assertAndGetBroadcastShape(x.shape, alpha.shape);
  const inputs = [call.recorder.use(x), call.recorder.use(alpha)];
  return call.recorder.record(PRELU_OP, inputs, undefined, [{ shape, dtype: 'float32' }])[0];
}

function recordEluGrad(call: KernelCall): TensorInfo | undefined {
  const dy = inputOf(call, 'dy');
  const y = inputOf(call, 'y');
  if (!haveDtype([dy, y], 'float32')) return undefined;
  const inputs = [call.recorder.use(dy), call.recorder.use(y)];
  return call.recorder.record(ELU_GRAD_OP, inputs, undefined, [{ shape: y.shape, dtype: 'float32' }])[0];
}

export const binaryKernels: readonly LazyKernel[] = [
  ...Object.entries(BINARY_OPS).map(([name, op]) => binaryKernel(name, binaryOp(name, op), op)),
  binaryKernel('Multiply', MULTIPLY_OP, { accepts: NUMBERS }),
  { name: 'AddN', record: recordAddN },
  { name: 'Select', record: recordSelect },
  { name: 'EluGrad', record: recordEluGrad },
  { name: 'Prelu', record: recordPrelu },
];
