import type { GraphWriter } from './writer.js';

/** Activations that TensorFlow.js's fused kernels can carry, but prelu. */
export type Activation = 'linear' | 'relu' | 'relu6' | 'elu' | 'sigmoid' | 'leakyrelu';

/** Emits an activation of a float32 tensor; any layout. */
export function emitActivation(
  writer: GraphWriter,
  x: string,
  activation: Activation,
  leakyReluAlpha = 0.2,
): string {
  switch (activation) {
    case 'linear':
      return x;
    case 'relu':
      return writer.op('Relu', [x]);
    case 'relu6':
      return writer.op('Clip', [x, writer.scalar(0), writer.scalar(6)]);
    case 'elu':
      return writer.op('Elu', [x]);
    case 'sigmoid':
      return writer.op('Sigmoid', [x]);
    case 'leakyrelu':
      return writer.op('LeakyRelu', [x], { alpha: { float: leakyReluAlpha } });
  }
}
