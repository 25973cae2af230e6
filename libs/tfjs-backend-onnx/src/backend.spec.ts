/** What is the lazy backend's own: what is computed when, what is kept, and that bits repeat. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { onnxBackend, registerOnnxBackend } from './register.js';
import { expectAgreement, outputAndGradients } from './testing/compare.js';
import { numbers, tensor } from './testing/numbers.js';

beforeAll(() => registerOnnxBackend({ maxSessions: 5, maxPendingNodes: 500 }));
beforeEach(async () => {
  await tf.setBackend('onnx');
});

/** What the counters gained while f ran. */
function counted(f: () => void): { runs: number; cacheHits: number; cacheMisses: number; outputs: number } {
  const before = { ...onnxBackend().stats };
  f();
  const { runs, cacheHits, cacheMisses, outputs } = onnxBackend().stats;
  return {
    runs: runs - before.runs,
    cacheHits: cacheHits - before.cacheHits,
    cacheMisses: cacheMisses - before.cacheMisses,
    outputs: outputs - before.outputs,
  };
}

/** Loss and gradients of a small network; the caller disposes of them. */
function trainingStep(
  kernel: tf.Variable,
  bias: tf.Variable,
  seed: number,
): { value: tf.Scalar; grads: tf.NamedTensorMap } {
  return tf.tidy(() => {
    const x = tensor([4, 8, 8, 3], seed) as tf.Tensor4D;
    return tf.variableGrads(() => {
      const y = tf.conv2d(x, kernel as unknown as tf.Tensor4D, 2, 'same');
      const pooled = tf.maxPool(tf.leakyRelu(tf.add(y, bias), 0.2) as tf.Tensor4D, 2, 2, 'same');
      return tf.mean(tf.softplus(pooled));
    }, [kernel, bias]);
  });
}

function variables(): { kernel: tf.Variable; bias: tf.Variable } {
  return tf.tidy(() => ({ kernel: tf.variable(tensor([5, 5, 3, 6], 2)), bias: tf.variable(tf.zeros([6])) }));
}

describe('laziness', () => {
  it('computes nothing until something is read', () => {
    const x = tensor([3]);
    const y = tf.tidy(() => tf.add(tf.exp(x), x));
    expect(counted(() => tf.dispose(tf.tanh(y)))).toMatchObject({ runs: 0 });
    expect(counted(() => y.dataSync())).toMatchObject({ runs: 1, outputs: 1 });
    expect(counted(() => y.dataSync())).toMatchObject({ runs: 0 });
    tf.dispose([x, y]);
  });

  it('runs a whole training step as one graph, compiled once', () => {
    const { kernel, bias } = variables();
    const step = (seed: number): void => {
      const { value, grads } = trainingStep(kernel, bias, seed);
      onnxBackend().flush();
      value.dataSync();
      for (const gradient of Object.values(grads)) gradient.dataSync();
      tf.dispose([value, grads]);
    };
    expect(counted(() => step(1))).toEqual({ runs: 1, cacheHits: 0, cacheMisses: 1, outputs: 3 });
    expect(counted(() => step(2))).toEqual({ runs: 1, cacheHits: 1, cacheMisses: 0, outputs: 3 });
    tf.dispose([kernel, bias]);
  });

  it('does not compile again when zeros that a variable started with are zeros no more', () => {
    const { kernel, bias } = variables();
    const step = (): void => {
      const { value, grads } = trainingStep(kernel, bias, 1);
      onnxBackend().flush();
      tf.dispose([value, grads]);
    };
    step();
    tf.tidy(() => bias.assign(tensor([6], 3)));
    expect(counted(step)).toMatchObject({ cacheHits: 1, cacheMisses: 0 });
    tf.dispose([kernel, bias]);
  });

  it('computes what is dead neither at a read nor at a flush', () => {
    const x = tensor([3]);
    tf.dispose(tf.exp(x));
    const y = tf.neg(x);
    expect(counted(() => onnxBackend().flush())).toMatchObject({ runs: 1, outputs: 1 });
    expect(counted(() => onnxBackend().flush())).toMatchObject({ runs: 0 });
    tf.dispose([x, y]);
  });

  it('stores on the way what a live tensor holds', () => {
    const x = tensor([3]);
    const middle = tf.exp(x);
    const y = tf.neg(middle);
    expect(counted(() => y.dataSync())).toMatchObject({ runs: 1, outputs: 2 });
    expect(counted(() => middle.dataSync())).toMatchObject({ runs: 0 });
    tf.dispose([x, middle, y]);
  });

  it('stores on the way what pending nodes behind a live tensor will read, and only that', () => {
    const x = tensor([3]);
    const { read, later } = tf.tidy(() => {
      const shared = tf.exp(x);
      const unshared = tf.sin(x);
      return { read: tf.add(shared, unshared), later: tf.square(shared) };
    });
    expect(counted(() => read.dataSync())).toMatchObject({ runs: 1, outputs: 2 });
    const values = later.dataSync();
    expect(values[0]).toBeCloseTo(Math.exp(numbers(3)[0]!) ** 2, 5);
    tf.dispose([x, read, later]);
  });

  it('flushes only the tensors that are named', () => {
    const x = tensor([3]);
    const a = tf.exp(x);
    const b = tf.neg(x);
    expect(counted(() => onnxBackend().flush([a.dataId, x.dataId]))).toMatchObject({ runs: 1, outputs: 1 });
    expect(counted(() => b.dataSync())).toMatchObject({ runs: 1, outputs: 1 });
    tf.dispose([x, a, b]);
  });

  it('computes a tensor that is also an input or another output of its graph', () => {
    const x = tensor([2, 3]);
    const same = tf.mul(x, tf.ones([2, 3]));
    const again = tf.mul(same, tf.ones([2, 3]));
    const constant = tf.onesLike(x);
    onnxBackend().flush();
    expect([...same.dataSync()]).toEqual([...x.dataSync()]);
    expect([...again.dataSync()]).toEqual([...x.dataSync()]);
    expect([...constant.dataSync()]).toEqual([1, 1, 1, 1, 1, 1]);
    tf.dispose([x, same, again, constant]);
  });

  it('tells graphs apart whose attributes differ only in infinities', () => {
    const padded = [Infinity, -Infinity, NaN].map((value) =>
      tf.tidy(() => tf.pad(tensor([1]), [[0, 1]], value).dataSync()[1]),
    );
    expect(padded).toEqual([Infinity, -Infinity, NaN]);
  });

  it('shares the data of reshaped and cloned tensors', () => {
    const before = onnxBackend().numDataIds();
    const x = tensor([2, 3]);
    const y = tf.exp(x);
    const views = [tf.reshape(y, [6]), tf.clone(y), tf.expandDims(y, 0)];
    expect(onnxBackend().numDataIds()).toBe(before + 2);
    y.dispose();
    expect(counted(() => views.forEach((view) => view.dataSync()))).toMatchObject({ runs: 1, outputs: 1 });
    tf.dispose([x, ...views]);
    expect(onnxBackend().numDataIds()).toBe(before);
  });

  it('runs everything once the pending graph reaches its limit', () => {
    let x = tensor([2]);
    const gained = counted(() => {
      for (let i = 0; i < 1200; i++) {
        const next = tf.add(x, 1);
        x.dispose();
        x = next;
      }
    });
    expect(gained.runs).toBe(2);
    expect(x.dataSync()[0]).toBeCloseTo(numbers(2)[0]! + 1200, 2);
    x.dispose();
  });

  it('keeps no more compiled graphs than it may, and compiles again what it let go', () => {
    const run = (length: number): void => tf.tidy(() => void tf.exp(tensor([length])).dataSync());
    for (let length = 1; length <= 8; length++) run(length);
    expect(onnxBackend().stats.sessions).toBe(5);
    expect(counted(() => run(4))).toMatchObject({ cacheHits: 1, cacheMisses: 0 });
    // Of 4 to 8 it is 5 now that was not used for longest.
    expect(counted(() => run(1))).toMatchObject({ cacheHits: 0, cacheMisses: 1 });
    expect(onnxBackend().stats.sessions).toBe(5);
    expect(counted(() => run(4))).toMatchObject({ cacheHits: 1, cacheMisses: 0 });
    expect(counted(() => run(5))).toMatchObject({ cacheHits: 0, cacheMisses: 1 });
  });
});

describe('convolutions', () => {
  it('agree with the cpu backend on a padding in pixels, and so do their gradients', async () => {
    await expectAgreement('onnx', () =>
      outputAndGradients(
        (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 2, 1),
        [tensor([2, 8, 7, 2], 1), tensor([3, 3, 2, 3], 2)],
      ),
    );
  });
});

describe('memory', () => {
  it('stays the same over training steps', () => {
    const { kernel, bias } = variables();
    const step = (seed: number): void => {
      const { value, grads } = trainingStep(kernel, bias, seed);
      onnxBackend().flush();
      tf.tidy(() => kernel.assign(tf.sub(kernel, tf.mul(grads[kernel.name]!, 0.1))));
      tf.dispose([value, grads]);
      onnxBackend().flush();
    };
    const usage = (): number[] => [
      tf.memory().numTensors,
      tf.memory().numBytes,
      onnxBackend().numDataIds(),
      onnxBackend().stats.sessions,
    ];
    step(1);
    step(2);
    const before = usage();
    for (let seed = 3; seed < 20; seed++) step(seed);
    expect(usage()).toEqual(before);
    tf.dispose([kernel, bias]);
  });

  it('takes values that lie in shared memory, by a copy', () => {
    const shared = new Float32Array(new SharedArrayBuffer(12));
    shared.set([1, 2, 3]);
    const x = tf.tensor(shared);
    shared.fill(0);
    const y = tf.neg(x);
    expect([...y.dataSync()]).toEqual([-1, -2, -3]);
    tf.dispose([x, y]);
  });
});

describe('kernels that are not recorded', () => {
  it("are computed by TensorFlow.js's own, in the middle of a graph", () => {
    const x = tensor([2, 4]);
    const y = tf.tidy(() => tf.neg(tf.cumsum(tf.exp(x), 1)));
    const total = [...numbers(4)].reduce((sum, value) => sum + Math.exp(value), 0);
    expect(y.dataSync()[3]).toBeCloseTo(-total, 4);
    tf.dispose([x, y]);
  });

  it('carry strings', () => {
    const text = tf.tensor1d(['a', 'b']);
    expect(text.dataSync()).toEqual(['a', 'b']);
    text.dispose();
  });

  it('compute with complex numbers, and free them', async () => {
    const before = [tf.memory().numTensors, onnxBackend().numDataIds()];
    const pair = tf.tidy(() => tf.complex(tf.exp(tf.tensor1d([0, 0])), tf.tensor1d([2, -3])));
    expect([...(await pair.data())]).toEqual([1, 2, 1, -3]);
    const results = tf.tidy((): tf.Tensor[] => [tf.real(pair), tf.imag(pair), tf.mul(pair, pair)]);
    expect(results.map((t) => [...t.dataSync()])).toEqual([
      [1, 1],
      [2, -3],
      [-3, 4, -8, -6],
    ]);
    tf.dispose([pair, ...results]);
    expect([tf.memory().numTensors, onnxBackend().numDataIds()]).toEqual(before);
  });

  it('take complex numbers over from another backend', async () => {
    await tf.setBackend('cpu');
    const pair = tf.complex([1], [2]);
    await tf.setBackend('onnx');
    const sum = tf.tidy(() => tf.add(tf.real(pair), tf.imag(pair)));
    expect([...sum.dataSync()]).toEqual([3]);
    tf.dispose([pair, sum]);
  });

  it('are refused with their name where there are none at all', () => {
    expect(() => tf.engine().runKernel('Unheard', {})).toThrow(/'Unheard'.*'onnx'/);
  });
});

describe('errors', () => {
  it('name the kernels of a graph that could not be run', () => {
    const x = tensor([3]);
    const picked = tf.tidy(() => tf.gather(x, tf.add(tf.tensor1d([1], 'int32'), tf.scalar(7, 'int32'))));
    expect(() => picked.dataSync()).toThrow(/backend 'onnx' could not compute Add, GatherV2: .*range/);
    tf.dispose([x, picked]);
  });
});

describe('not a number', () => {
  it('passes max pooling where the whole window is poisoned, and its gradient', () => {
    const x = tf.fill([1, 4, 4, 1], NaN);
    const pool = (input: tf.Tensor): tf.Tensor => tf.maxPool(input as tf.Tensor4D, 2, 2, 'same');
    const y = pool(x);
    const dx = tf.grad(pool)(x, tf.mul(y, 1));
    onnxBackend().flush();
    expect([...y.dataSync()].every(Number.isNaN)).toBe(true);
    expect([...dx.dataSync()].some(Number.isNaN)).toBe(true);
    tf.dispose([x, y, dx]);
  });
});

describe('bits', () => {
  /** The places of an array relative to a cache line, as chance might give them. */
  const placements = Array.from({ length: 16 }, (_, i) => i);

  function placed(values: Float32Array, offset: number): Float32Array {
    const view = new Float32Array(new ArrayBuffer(4 * (values.length + 64)), 4 * offset, values.length);
    view.set(values);
    return view;
  }

  it('do not depend on where the inputs of a sum lie in memory', () => {
    const values = numbers(4099);
    const sums = placements.map((offset) =>
      tf.tidy(() => {
        const x = tf.tensor(placed(values, offset));
        const all = [
          tf.sum(x),
          tf.mean(x),
          tf.sum(tf.reshape(placedMatrix(values, offset), [2, 33, 62]), [0, 2]),
        ];
        onnxBackend().flush();
        return all.map((sum) => Buffer.from(Float32Array.from(sum.dataSync()).buffer).toString('hex')).join();
      }),
    );
    expect(new Set(sums).size).toBe(1);
  });

  function placedMatrix(values: Float32Array, offset: number): tf.Tensor {
    return tf.tensor(placed(values.subarray(0, 4092), offset));
  }

  it('do not depend on where results lie, of sums of results that are stored too', () => {
    const results = placements.map((offset) =>
      tf.tidy(() => {
        const held = placements.slice(0, offset).map((i) => new Float32Array(100 + 4 * i));
        const x = tf.tensor(placed(numbers(4099), offset));
        const y = tf.mul(x, 1.5);
        const outputs = [tf.sum(y), tf.log(tf.abs(x)), tf.softplus(x), tf.elu(x), y];
        onnxBackend().flush();
        expect(held).toHaveLength(offset);
        return outputs.map((t) => Buffer.from(Float32Array.from(t.dataSync()).buffer).toString('hex')).join();
      }),
    );
    expect(new Set(results).size).toBe(1);
  });

  it('are the same in another process, whatever its memory looks like', () => {
    const script = fileURLToPath(new URL('../dist/testing/hash-of-step.js', import.meta.url));
    const hashes = ['0', '3', '7'].map((allocations) => {
      const run = spawnSync(process.execPath, [script, allocations], { encoding: 'utf8' });
      expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: '' });
      return run.stdout;
    });
    expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(hashes).size).toBe(1);
  });
});

describe('registration', () => {
  it('refuses options that make no sense, and a second backend of the name', () => {
    expect(() => registerOnnxBackend({ threads: 0 })).toThrow(/threads/);
    expect(() => registerOnnxBackend({ maxSessions: 1.5 })).toThrow(/maxSessions/);
    expect(() => registerOnnxBackend()).toThrow(/registered already/);
  });
});
