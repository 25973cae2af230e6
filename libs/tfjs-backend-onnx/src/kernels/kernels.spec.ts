/** Every recorded kernel against TensorFlow.js's JavaScript kernel of the same name, on random calls. */
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { registerOnnxBackend } from '../register.js';
import { arrangeCases } from '../testing/kernel-cases/arrange.js';
import { makeInput } from '../testing/kernel-cases/case.js';
import type { KernelCase, KernelCases } from '../testing/kernel-cases/case.js';
import { elementwiseCases } from '../testing/kernel-cases/elementwise.js';
import { networkCases } from '../testing/kernel-cases/network.js';
import { reduceCases } from '../testing/kernel-cases/reduce.js';
import { lazyKernels } from './index.js';
import type { LazyKernel } from './kernel.js';

const cases: KernelCases = { ...elementwiseCases, ...reduceCases, ...arrangeCases, ...networkCases };
const TOLERANCE = 1e-5;
const SEED = 20;
const RUNS = 40;

beforeAll(() => registerOnnxBackend({ maxSessions: 1 }));

interface Outcome {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: readonly number[];
}

/** Calls the kernel on a backend, reads what it made, and leaves nothing behind. */
async function outcomesOn(backend: string, name: string, call: KernelCase): Promise<Outcome[]> {
  await tf.setBackend(backend);
  const before = tf.memory().numTensors;
  const outcomes = tf.tidy(() => {
    const inputs = Array.isArray(call.inputs)
      ? call.inputs.map(makeInput)
      : Object.fromEntries(Object.entries(call.inputs).map(([key, input]) => [key, makeInput(input)]));
    const results: tf.Tensor | tf.Tensor[] = tf
      .engine()
      .runKernel(
        name,
        inputs as tf.NamedTensorMap,
        structuredClone(call.attributes ?? {}) as tf.NamedAttrMap,
      );
    return [results].flat().map((result) => ({
      shape: result.shape,
      dtype: result.dtype,
      values: Array.from(result.dataSync()),
    }));
  });
  expect(tf.memory().numTensors).toBe(before);
  return outcomes;
}

/** Checks max|a - b| / max|b| over what is finite, and that the rest is the same. */
function expectClose(actual: readonly number[], reference: readonly number[]): void {
  const wrong = reference.findIndex((value, i) => !Number.isFinite(value) && !Object.is(value, actual[i]));
  expect(wrong === -1 ? 'same' : `element ${wrong}: ${actual[wrong]}, not ${reference[wrong]}`).toBe('same');
  const finite = [...reference.keys()].filter((i) => Number.isFinite(reference[i]));
  const magnitude = Math.max(0, ...finite.map((i) => Math.abs(reference[i]!)));
  const difference = Math.max(0, ...finite.map((i) => Math.abs(actual[i]! - reference[i]!)));
  expect(difference, `difference where the reference reaches ${magnitude}`).toBeLessThanOrEqual(
    TOLERANCE * magnitude,
  );
}

async function expectAgreement(kernel: LazyKernel, call: KernelCase): Promise<void> {
  const expected = await outcomesOn('cpu', kernel.name, call);
  const record = vi.spyOn(kernel, 'record');
  try {
    const actual = await outcomesOn('onnx', kernel.name, call);
    // Making the inputs may have called the same kernel.
    expect(record.mock.results.at(-1)?.value, 'is recorded').toBeDefined();
    const described = (outcomes: Outcome[]): unknown =>
      outcomes.map(({ shape, dtype }) => ({ shape, dtype }));
    expect(described(actual)).toEqual(described(expected));
    actual.forEach(({ values }, i) => expectClose(values, expected[i]!.values));
  } finally {
    record.mockRestore();
  }
}

describe('recorded kernels', () => {
  it('all have random calls that are tried', () => {
    expect(Object.keys(cases).sort()).toEqual(lazyKernels.map(({ name }) => name).sort());
  });

  it.each(lazyKernels)('$name agrees with the JavaScript kernel', async (kernel) => {
    await fc.assert(
      fc.asyncProperty(cases[kernel.name]!, (call) => expectAgreement(kernel, call)),
      { seed: SEED, numRuns: RUNS },
    );
  });
});
