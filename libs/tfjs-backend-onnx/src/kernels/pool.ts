/** Pooling kernels. */
import { backend_util } from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { ConvAttributes, WindowGeometry } from '../conv/geometry.js';
import { onnxPads, uncovered, windowGeometry } from '../conv/geometry.js';
import type { LazyOp } from '../emit/op.js';
import { nameIn, NCHW, permutedValue, plainValue, sizeOf } from '../emit/value.js';
import type { GraphValue } from '../emit/value.js';
import type { GraphWriter } from '../emit/writer.js';
import type { Attributes } from '../onnx/model.js';
import { haveDtype, inputOf } from './kernel.js';
import type { KernelCall, LazyKernel } from './kernel.js';
import { emitMaxOfPairs, emitMaxOfPairsGradient } from './pool-pairs.js';

interface PoolGeometry extends WindowGeometry {
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
}

function poolGeometry(shape: readonly number[], call: KernelCall): PoolGeometry {
  const { filterSize, strides, pad, dimRoundingMode } = call.attributes as unknown as ConvAttributes & {
    filterSize: [number, number] | number;
  };
  const info = backend_util.computePool2DInfo(
    [...shape] as [number, number, number, number],
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  return { ...windowGeometry(info), inputShape: shape, outputShape: info.outShape };
}

function poolAttributes(geometry: PoolGeometry): Attributes {
  return { kernel_shape: geometry.filter, strides: geometry.strides, pads: onnxPads(geometry) };
}

/**
 * Max pooling with the place of each maximum, the first one in row-major order, as an index into the NCHW tensor.
 * The forward and the backward pass of one graph share it.
 */
function emitMaxPoolWithIndices(
  writer: GraphWriter,
  x: GraphValue,
  geometry: PoolGeometry,
): [string, string] {
  const input = nameIn(writer, x, NCHW);
  return writer.once(
    `MaxPool ${input} ${JSON.stringify(geometry)}`,
    () => writer.ops('MaxPool', [input], 2, poolAttributes(geometry)) as [string, string],
  );
}

/** Whether windows are 2 x 2, touch, and cover the input exactly. */
function isPairs({ input, output, filter, strides, padBefore }: PoolGeometry): boolean {
  return [0, 1].every(
    (axis) =>
      filter[axis] === 2 && strides[axis] === 2 && padBefore[axis] === 0 && input[axis] === 2 * output[axis]!,
  );
}

const MAX_POOL_OP: LazyOp = {
  name: 'MaxPool',
  emit: (writer, [x], geometry: PoolGeometry) => {
    if (isPairs(geometry)) {
      const y = writer.reshape(emitMaxOfPairs(writer, x!), geometry.outputShape);
      return [plainValue(y, geometry.outputShape, 'float32')];
    }
    const name = writer.opNames.has('MaxPoolGrad')
      ? emitMaxPoolWithIndices(writer, x!, geometry)[0]
      : writer.op('MaxPool', [nameIn(writer, x!, NCHW)], poolAttributes(geometry));
    return [permutedValue(name, geometry.outputShape, 'float32', NCHW)];
  },
};

/** Each dy goes to the place of its window's maximum; windows that overlap add up. */
const MAX_POOL_GRAD_OP: LazyOp = {
  name: 'MaxPoolGrad',
  emit: (writer, [dy, x], geometry: PoolGeometry) => {
    if (isPairs(geometry)) {
      const dx = writer.reshape(emitMaxOfPairsGradient(writer, x!, dy!), geometry.inputShape);
      return [plainValue(dx, geometry.inputShape, 'float32')];
    }
    const [, indices] = emitMaxPoolWithIndices(writer, x!, geometry);
    const gradient = nameIn(writer, dy!, NCHW);
    const { filter, strides, input } = geometry;
    const overlap = filter.some((size, axis) => size > strides[axis]!);
    // MaxUnpool refuses inputs that no window would be left of but for the padding.
    const isThin = uncovered(geometry).some((rest, axis) => input[axis]! <= rest);
    const dx =
      overlap || isThin
        ? emitScatterAdd(writer, gradient, indices, geometry)
        : writer.op(
            'MaxUnpool',
            [gradient, indices, writer.int64s(storedShape(geometry))],
            poolAttributes(geometry),
          );
    return [permutedValue(dx, geometry.inputShape, 'float32', NCHW)];
  },
};

function emitScatterAdd(writer: GraphWriter, dy: string, indices: string, geometry: PoolGeometry): string {
  const size = writer.int64s([sizeOf(geometry.inputShape)]);
  const zeros = writer.op('Expand', [writer.scalar(0), size]);
  const flat = [writer.reshape(indices, [-1]), writer.reshape(dy, [-1])];
  const sums = writer.op('ScatterElements', [zeros, ...flat], { axis: 0, reduction: 'add' });
  return writer.reshape(sums, storedShape(geometry));
}

function storedShape({ inputShape }: PoolGeometry): number[] {
  return NCHW.map((axis) => inputShape[axis]!);
}

const AVG_POOL_OP: LazyOp = {
  name: 'AvgPool',
  emit: (writer, [x], geometry: PoolGeometry) => {
    const name = writer.op('AveragePool', [nameIn(writer, x!, NCHW)], poolAttributes(geometry));
    return [permutedValue(name, geometry.outputShape, 'float32', NCHW)];
  },
};

/**
 * Each dy, divided by the size of a whole window, goes to its window's elements; windows that overlap add up. (So does
 * TensorFlow.js, also where a window hangs over the edge, though the mean there was one of fewer elements.)
 */
const AVG_POOL_GRAD_OP: LazyOp = {
  name: 'AvgPoolGrad',
  emit: (writer, [dy], geometry: PoolGeometry) => {
    const channels = geometry.inputShape[3]!;
    const window = [channels, 1, ...geometry.filter];
    const share = writer.op('Expand', [writer.scalar(1 / sizeOf(geometry.filter)), writer.int64s(window)]);
    const dx = writer.op('ConvTranspose', [nameIn(writer, dy!, NCHW), share], {
      ...poolAttributes(geometry),
      group: channels,
      output_padding: uncovered(geometry),
    });
    return [permutedValue(dx, geometry.inputShape, 'float32', NCHW)];
  },
};

/**
 * Whether ONNX has it: no window may lie in the padding alone, and there are as many windows as fit. (For padding in pixels
 * TensorFlow.js takes the window's height and vertical stride for the horizontal ones too.)
 */
function isOnnxPool(geometry: PoolGeometry): boolean {
  const { filter, strides, padBefore, padAfter } = geometry;
  const rest = uncovered(geometry);
  return ([0, 1] as const).every(
    (axis) =>
      padBefore[axis] < filter[axis] &&
      padAfter[axis] < filter[axis] &&
      rest[axis] >= 0 &&
      rest[axis] < strides[axis],
  );
}

function recordPool(op: LazyOp): LazyKernel['record'] {
  return (call) => {
    const x = inputOf(call, 'x');
    const geometry = poolGeometry(x.shape, call);
    if (x.dtype !== 'float32' || !isOnnxPool(geometry)) return undefined;
    const output = { shape: geometry.outputShape, dtype: 'float32' as const };
    return call.recorder.record(op, [call.recorder.use(x)], geometry, [output])[0];
  };
}

function recordMaxPoolGrad(call: KernelCall): TensorInfo | undefined {
  const dy = inputOf(call, 'dy');
  const x = inputOf(call, 'input');
  const geometry = poolGeometry(x.shape, call);
  if (!haveDtype([dy, x], 'float32') || !isOnnxPool(geometry)) return undefined;
  const inputs = [call.recorder.use(dy), call.recorder.use(x)];
  const output = { shape: x.shape, dtype: 'float32' as const };
  return call.recorder.record(MAX_POOL_GRAD_OP, inputs, geometry, [output])[0];
}

function recordAvgPoolGrad(call: KernelCall): TensorInfo | undefined {
  const dy = inputOf(call, 'dy');
  const { shape } = inputOf(call, 'input');
  const geometry = poolGeometry(shape, call);
  if (dy.dtype !== 'float32' || !isOnnxPool(geometry)) return undefined;
  const output = { shape, dtype: 'float32' as const };
  return call.recorder.record(AVG_POOL_GRAD_OP, [call.recorder.use(dy)], geometry, [output])[0];
}

export const poolKernels: readonly LazyKernel[] = [
  { name: 'MaxPool', record: recordPool(MAX_POOL_OP) },
  { name: 'MaxPoolGrad', record: recordMaxPoolGrad },
  { name: 'AvgPool', record: recordPool(AVG_POOL_OP) },
  { name: 'AvgPoolGrad', record: recordAvgPoolGrad },
];
