import { describe, expect, it } from 'vitest';
import { layoutsFromOptions } from './layout.js';
import { applyPhase, type NetworkState } from './optimizer.js';
import type { AdamOptions } from './presets.js';
import { fillGaussian, purposes } from './random.js';
import { relativeError, smallOptions } from './testing/builders.js';

const layout = layoutsFromOptions(smallOptions()).phases.d;
const { trainableLength, length } = layout.network;
const adam: AdamOptions = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
const shards = 4;

describe('applyPhase', () => {
  it("equals Keras' Adam in float64 over several steps", () => {
    let [state, shadow] = [createState(), createState()];
    const weights = Float64Array.from(state.weights);
    const m = new Float64Array(trainableLength);
    const v = new Float64Array(trainableLength);
    for (let t = 1; t <= 20; t++) {
      const reduced = randomReduced(t);
      applyPhase(layout, reduced, shards, adam, state, shadow);
      [state, shadow] = [shadow, state];
      // keras/optimizers/adam.py, update_step
      const alpha = (adam.learningRate * Math.sqrt(1 - adam.beta2 ** t)) / (1 - adam.beta1 ** t);
      for (let i = 0; i < trainableLength; i++) {
        const gradient = reduced[i]! / shards;
        m[i]! += (gradient - m[i]!) * (1 - adam.beta1);
        v[i]! += (gradient ** 2 - v[i]!) * (1 - adam.beta2);
        weights[i]! -= (m[i]! * alpha) / (Math.sqrt(v[i]!) + adam.epsilon);
      }
    }
    expect(state.updates).toBe(20);
    expect(relativeError(state.m, m)).toBeLessThan(1e-6);
    expect(relativeError(state.v, v)).toBeLessThan(1e-6);
    expect(
      relativeError(state.weights.subarray(0, trainableLength), weights.subarray(0, trainableLength)),
    ).toBeLessThan(1e-6);
  });

  it('moves a weight by the learning rate at the first step, whatever the size of its gradient', () => {
    const [state, shadow] = [createState(), createState()];
    applyPhase(
      layout,
      randomReduced(1).map((value) => Math.sign(value) * 1e3),
      shards,
      adam,
      state,
      shadow,
    );
    expect(Math.abs(shadow.weights[0]! - state.weights[0]!)).toBeCloseTo(adam.learningRate, 6);
  });

  it('moves running statistics by momentum towards the mean of the shards', () => {
    const [state, shadow] = [createState(), createState()];
    const reduced = randomReduced(1);
    applyPhase(layout, reduced, shards, adam, state, shadow);
    for (let i = trainableLength; i < length; i++) {
      expect(shadow.weights[i]).toBe(
        Math.fround(0.9 * state.weights[i]! + (1 - 0.9) * (reduced[i]! / shards)),
      );
    }
  });

  it("reports the shards' mean scalars and the norm of their mean gradient", () => {
    const reduced = randomReduced(1);
    reduced.set([4, 2, 1], length);
    const result = applyPhase(layout, reduced, shards, adam, createState(), createState());
    const gradient = Array.from(reduced.subarray(0, trainableLength), (value) => value / shards);
    expect(result).toMatchObject({ committed: true, scalars: { loss: 1, real: 0.5, fake: 0.25 } });
    expect(result.gradientNorm).toBeCloseTo(Math.hypot(...gradient), 8);
  });

  it.each([
    ['a gradient', 0],
    ['the last gradient', trainableLength - 1],
    ['a statistic', trainableLength],
    ['a scalar', length],
  ])('does not commit when %s is not finite', (_, index) => {
    for (const value of [NaN, Infinity, -Infinity]) {
      const reduced = randomReduced(1);
      reduced[index] = value;
      expect(applyPhase(layout, reduced, shards, adam, createState(), createState()).committed).toBe(false);
    }
  });

  it('does not commit a gradient whose squares are beyond float32', () => {
    const reduced = randomReduced(1);
    reduced[3] = 1e20;
    expect(applyPhase(layout, reduced, shards, adam, createState(), createState()).committed).toBe(false);
  });

  it('never writes to the state or the reduced buffer, committed or not', () => {
    for (const poison of [1, NaN]) {
      const state = createState();
      const reduced = randomReduced(1);
      reduced[0] = poison;
      const before = structuredClone({ state, reduced });
      applyPhase(layout, reduced, shards, adam, state, createState());
      expect({ state, reduced }).toEqual(before);
    }
  });

  it('writes all of the shadow, so that what an uncommitted phase left there is gone', () => {
    const spoilt = createState();
    for (const array of [spoilt.weights, spoilt.m, spoilt.v, spoilt.ema]) array.fill(NaN);
    spoilt.updates = 99;
    const fresh = createState();
    applyPhase(layout, randomReduced(1), shards, adam, createState(), fresh);
    applyPhase(layout, randomReduced(1), shards, adam, createState(), spoilt);
    expect(spoilt).toEqual(fresh);
  });

  it('moves the average towards the new weights, running statistics too, slower the longer a run is', () => {
    for (const [updates, decay] of [
      [0, 2 / 11],
      [89, 91 / 100],
      [20_000, 0.999],
    ] as const) {
      const state = { ...createState(), updates };
      const shadow = createState();
      applyPhase(layout, randomReduced(1), shards, adam, state, shadow);
      const expected = state.ema.map((before, i) => decay * before + (1 - decay) * shadow.weights[i]!);
      expect(shadow.ema).toEqual(expected);
    }
  });

  it('has no average of a network that keeps none', () => {
    const none = { ema: new Float32Array(0) };
    const shadow = { ...createState(), ...none };
    applyPhase(layout, randomReduced(1), shards, adam, { ...createState(), ...none }, shadow);
    expect(shadow.ema).toEqual(none.ema);
  });

  it('works on shared memory', () => {
    const shadow = createState((size) => new Float32Array(new SharedArrayBuffer(4 * size)));
    const plain = createState();
    applyPhase(layout, randomReduced(1), shards, adam, createState(), shadow);
    applyPhase(layout, randomReduced(1), shards, adam, createState(), plain);
    expect([...shadow.weights]).toEqual([...plain.weights]);
  });

  it('refuses a buffer of another phase', () => {
    const reduced = new Float32Array(layout.length - 1);
    expect(() => applyPhase(layout, reduced, shards, adam, createState(), createState())).toThrow(
      'phase d reduces',
    );
  });
});

function createState(allocate = (size: number): Float32Array => new Float32Array(size)): NetworkState {
  const weights = allocate(length);
  weights.set(Float32Array.from({ length }, (_, i) => Math.cos(i)));
  const ema = allocate(length);
  ema.set(Float32Array.from({ length }, (_, i) => Math.sin(i)));
  return { weights, m: allocate(trainableLength), v: allocate(trainableLength), ema, updates: 0 };
}

function randomReduced(step: number): Float32Array {
  const reduced = new Float32Array(layout.length);
  fillGaussian(reduced, 1, { purpose: purposes.probe, item: 0, step }, 0, 0.01);
  return reduced;
}
