/** Convolution kernels. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { convAlgorithms } from '../conv/algorithm.js';
import { convGeometryFromShapes } from '../conv/geometry.js';
import type { ConvAttributes, ConvGeometry } from '../conv/geometry.js';
import { decideConvAlgorithm } from '../conv/rule.js';
import { emitActivation } from '../emit/activation.js';
import type { Activation } from '../emit/activation.js';
import { emitElementwise } from '../emit/elementwise.js';
import type { LazyOp } from '../emit/op.js';
import { sameShape } from '../emit/value.js';
import type { GraphValue } from '../emit/value.js';
import type { GraphWriter } from '../emit/writer.js';
import { haveDtype, inputOf } from './kernel.js';
import type { KernelCall, LazyKernel } from './kernel.js';

interface ForwardAttributes {
  readonly geometry: ConvGeometry;
  readonly activation: Activation;
  readonly leakyreluAlpha: number;
}

/** act(conv(x, filter) + bias). */
const CONV_OP: LazyOp = {
  name: 'Conv2D',
  emit: (writer, [x, filter, bias], attributes: ForwardAttributes) => {
    const { geometry, activation, leakyreluAlpha } = attributes;
    const algorithm = convAlgorithms[decideConvAlgorithm(geometry)];
    const y = algorithm.forward(writer, geometry, x!, filter!, bias);
    return [emitOn(writer, y, (name) => emitActivation(writer, name, activation, leakyreluAlpha))];
  },
};

function emitOn(writer: GraphWriter, x: GraphValue, emit: (name: string) => string): GraphValue {
  return emitElementwise(writer, [x], x.shape, x.dtype, ([name]) => emit(name!));
}

function recordConv(call: KernelCall): TensorInfo | undefined {
  const x = inputOf(call, 'x');
  const filter = inputOf(call, 'filter');
  const { bias, preluActivationWeights } = call.inputs;
  const operands = bias ? [x, filter, bias] : [x, filter];
  const given = call.attributes as unknown as ConvAttributes & Partial<ForwardAttributes>;
  if (given.dataFormat === 'NCHW' || preluActivationWeights || !haveDtype(operands, 'float32'))
    return undefined;
  const geometry = convGeometryFromShapes(x.shape, filter.shape, given);
  // Grouped filters, and a bias that isn't one number a channel, are left to TensorFlow.js.
  if (filter.shape[2] !== geometry.inChannels) return undefined;
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== geometry.outChannels)) return undefined;
  const attributes: ForwardAttributes = {
    geometry,
    activation: given.activation ?? 'linear',
    leakyreluAlpha: given.leakyreluAlpha ?? 0.2,
  };
  const shape = [geometry.batch, ...geometry.output, geometry.outChannels];
  const inputs = operands.map((t) => call.recorder.use(t));
  return call.recorder.record(CONV_OP, inputs, attributes, [{ shape, dtype: 'float32' }])[0];
}

/** TensorFlow.js takes an output gradient of any size, and leaves out what is beyond the convolution's output. */
function isOutputOf({ batch, output, outChannels }: ConvGeometry, dy: TensorInfo): boolean {
  return sameShape(dy.shape, [batch, ...output, outChannels]);
}

const INPUT_GRADIENT_OP: LazyOp = {
  name: 'Conv2DBackpropInput',
  emit: (writer, [dy, filter], geometry: ConvGeometry) => [
    convAlgorithms[decideConvAlgorithm(geometry)].inputGradient(writer, geometry, dy!, filter!),
  ],
};

function recordInputGradient(call: KernelCall): TensorInfo | undefined {
  const dy = inputOf(call, 'dy');
  const filter = inputOf(call, 'filter');
  const { inputShape, ...given } = call.attributes as unknown as ConvAttributes & { inputShape: number[] };
  if (given.dataFormat === 'NCHW' || !haveDtype([dy, filter], 'float32')) return undefined;
  const geometry = convGeometryFromShapes(inputShape, filter.shape, given);
  if (!isOutputOf(geometry, dy)) return undefined;
  const inputs = [call.recorder.use(dy), call.recorder.use(filter)];
  const output = { shape: inputShape, dtype: 'float32' as const };
  return call.recorder.record(INPUT_GRADIENT_OP, inputs, geometry, [output])[0];
}

const FILTER_GRADIENT_OP: LazyOp = {
  name: 'Conv2DBackpropFilter',
  emit: (writer, [x, dy], geometry: ConvGeometry) => [
    convAlgorithms[decideConvAlgorithm(geometry)].filterGradient(writer, geometry, x!, dy!),
  ],
};

function recordFilterGradient(call: KernelCall): TensorInfo | undefined {
  const x = inputOf(call, 'x');
  const dy = inputOf(call, 'dy');
  const { filterShape, ...given } = call.attributes as unknown as ConvAttributes & { filterShape: number[] };
  if (given.dataFormat === 'NCHW' || !haveDtype([x, dy], 'float32')) return undefined;
  const geometry = convGeometryFromShapes(x.shape, filterShape, given);
  if (!isOutputOf(geometry, dy)) return undefined;
  const inputs = [call.recorder.use(x), call.recorder.use(dy)];
  const output = { shape: filterShape, dtype: 'float32' as const };
  return call.recorder.record(FILTER_GRADIENT_OP, inputs, geometry, [output])[0];
}

export const convKernels: readonly LazyKernel[] = [
  { name: 'Conv2D', record: recordConv },
  { name: 'FusedConv2D', record: recordConv },
  { name: 'Conv2DBackpropInput', record: recordInputGradient },
  { name: 'Conv2DBackpropFilter', record: recordFilterGradient },
];
