import { describe, expect, it } from 'vitest';
import { layoutsFromOptions, type PhaseLayout } from './layout.js';
import { createState, type NetworkState, shadowOf } from './network-state.js';
import { applyPhase, beginUpdate, type PhaseResult } from './optimizer.js';
import type { AdamOptions } from './presets.js';
import { fillGaussian, purposes } from './random.js';
import { relativeError, smallOptions } from './testing/builders.js';

const { phases } = layoutsFromOptions(smallOptions());
const layout = phases.d;
const { trainableLength, length } = layout.network;
const adam: AdamOptions = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
const shards = 4;

describe('applyPhase', () => {
  it("equals Keras' Adam in float64 over several steps", () => {
    let state = variedState();
    const weights = Float64Array.from(state.weights);
    const m = new Float64Array(trainableLength);
    const v = new Float64Array(trainableLength);
    for (let t = 1; t <= 20; t++) {
      const reduced = randomReduced(t);
      applyPhase(layout, reduced, shards, adam, state);
      state = shadowOf(state);
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

  it.each(['d', 'g'] as const)(
    'equals float32 arithmetic in JavaScript, to the bit, in phase %s',
    (phase) => {
      // The generator has an average; more than one tile of weights, and lengths that are no multiples of 4.
      const large = layoutsFromOptions(smallOptions({ width: 19 })).phases[phase];
      expect(large.network.trainableLength).toBeGreaterThan(16_384);
      expect(large.network.trainableLength % 4).not.toBe(0);
      let state = variedState(large);
      for (let t = 1; t <= 4; t++) {
        const reduced = randomReduced(t, large);
        // Tiny, zero, and of every size between.
        for (let i = 0; i < 200; i++) reduced[7 * i]! *= 10 ** -(i / 4);
        reduced.fill(0, 5, 9);
        const expected = updateInJavaScript(large, reduced, state);
        const result = applyPhase(large, reduced, shards, adam, state);
        state = shadowOf(state);
        expect(bitsOf(state)).toEqual(bitsOf(expected.next));
        expect(result.gradientNorm).toBe(expected.gradientNorm);
      }
    },
  );

  it('gives the same bits however the reduced buffer is cut into pieces', () => {
    const reduced = randomReduced(1);
    const whole = variedState();
    const expected = applyPhase(layout, reduced, shards, adam, whole);
    const endOfGradients = 4 * Math.ceil(trainableLength / 4);
    for (const cuts of [[4], [400, 404, 600], [4, endOfGradients - 4], [endOfGradients]]) {
      const state = variedState();
      const update = beginUpdate(layout, shards, adam, state);
      [...cuts, layout.length].reduce((from, to) => {
        update.take(reduced.subarray(from, to));
        return to;
      }, 0);
      expect(update.finish()).toEqual(expected);
      expect(bitsOf(shadowOf(state))).toEqual(bitsOf(shadowOf(whole)));
    }
  });

  it('moves a weight by the learning rate at the first step, whatever the size of its gradient', () => {
    const state = variedState();
    const reduced = randomReduced(1).map((value) => Math.sign(value) * 1e3);
    applyPhase(layout, reduced, shards, adam, state);
    expect(Math.abs(shadowOf(state).weights[0]! - state.weights[0]!)).toBeCloseTo(adam.learningRate, 6);
  });

  it('moves running statistics by momentum towards the mean of the shards', () => {
    const state = variedState();
    const reduced = randomReduced(1);
    applyPhase(layout, reduced, shards, adam, state);
    for (let i = trainableLength; i < length; i++) {
      expect(shadowOf(state).weights[i]).toBe(
        Math.fround(0.9 * state.weights[i]! + (1 - 0.9) * (reduced[i]! / shards)),
      );
    }
  });

  it("reports the shards' mean scalars and the norm of their mean gradient", () => {
    const reduced = randomReduced(1);
    reduced.set([4, 2, 1], length);
    const result = applyPhase(layout, reduced, shards, adam, variedState());
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
      expect(applyPhase(layout, reduced, shards, adam, variedState()).committed).toBe(false);
    }
  });

  it('does not commit a gradient whose squares are beyond float32', () => {
    const reduced = randomReduced(1);
    reduced[3] = 1e20;
    expect(applyPhase(layout, reduced, shards, adam, variedState()).committed).toBe(false);
  });

  it('forgets moments that nothing moves, instead of computing with subnormal numbers for ever', () => {
    let state = variedState();
    applyPhase(layout, randomReduced(1), shards, adam, state);
    const nothing = new Float32Array(layout.length);
    for (let t = 0; t < 1_000; t++) {
      state = shadowOf(state);
      applyPhase(layout, nothing, shards, adam, state);
    }
    expect(shadowOf(state).m.every((value) => value === 0)).toBe(true);
  });

  it('never writes to the state or the reduced buffer, committed or not', () => {
    for (const poison of [1, NaN]) {
      const state = variedState();
      const reduced = randomReduced(1);
      reduced[0] = poison;
      const before = [bitsOf(state), [...reduced]];
      applyPhase(layout, reduced, shards, adam, state);
      expect([bitsOf(state), [...reduced]]).toEqual(before);
    }
  });

  it('writes all of the shadow, so that what an uncommitted phase left there is gone', () => {
    const [spoilt, fresh] = [variedState(phases.g), variedState(phases.g)];
    const left = shadowOf(spoilt);
    for (const array of [left.weights, left.m, left.v, left.ema]) array.fill(NaN);
    left.updates = 99;
    for (const state of [fresh, spoilt])
      applyPhase(phases.g, randomReduced(1, phases.g), shards, adam, state);
    expect(bitsOf(left)).toEqual(bitsOf(shadowOf(fresh)));
    expect(left.updates).toBe(1);
  });

  it('moves the average towards the new weights, running statistics too, slower the longer a run is', () => {
    for (const [updates, decay] of [
      [0, 2 / 11],
      [89, 91 / 100],
      [20_000, 0.999],
    ] as const) {
      const state = variedState(phases.g);
      state.updates = updates;
      applyPhase(phases.g, randomReduced(1, phases.g), shards, adam, state);
      const { weights, ema } = shadowOf(state);
      const expected = Float64Array.from(state.ema, (old, i) => decay * old + (1 - decay) * weights[i]!);
      expect(relativeError(ema, expected)).toBeLessThan(2e-7);
    }
  });

  it('takes sums from shared memory', () => {
    const reduced = randomReduced(1);
    const shared = new Float32Array(new SharedArrayBuffer(reduced.byteLength));
    shared.set(reduced);
    const [first, second] = [variedState(), variedState()];
    applyPhase(layout, reduced, shards, adam, first);
    applyPhase(layout, shared, shards, adam, second);
    expect(bitsOf(shadowOf(second))).toEqual(bitsOf(shadowOf(first)));
  });

  it('refuses a buffer of another phase, longer or shorter', () => {
    for (const wrong of [layout.length - 1, layout.length + 1]) {
      expect(() => applyPhase(layout, new Float32Array(wrong), shards, adam, variedState())).toThrow(
        `phase d reduces ${layout.length} elements, not ${wrong}`,
      );
    }
  });

  it('refuses a piece that begins within a group of 4', () => {
    const update = beginUpdate(layout, shards, adam, variedState());
    update.take(new Float32Array(6));
    expect(() => update.take(new Float32Array(4))).toThrow('no multiple of 4');
  });
});

/** A state in the middle of a run. */
function variedState({ network }: PhaseLayout = layout): NetworkState {
  const state = createState(network);
  state.weights.forEach((_, i) => (state.weights[i] = Math.cos(i)));
  state.ema.forEach((_, i) => (state.ema[i] = Math.sin(i)));
  return state;
}

function randomReduced(step: number, phase: PhaseLayout = layout): Float32Array<ArrayBuffer> {
  const reduced = new Float32Array(phase.length);
  fillGaussian(reduced, 1, { purpose: purposes.probe, item: 0, step }, 0, 0.01);
  return reduced;
}

const bitsOf = ({ weights, m, v, ema }: Record<'weights' | 'm' | 'v' | 'ema', Float32Array>) =>
  [weights, m, v, ema].map((values) => new Uint32Array(values.slice().buffer));

/** What assembly/update.ts says, an element at a time. */
function updateInJavaScript(
  { network, momentum }: PhaseLayout,
  reduced: Float32Array,
  state: NetworkState,
): { next: Pick<NetworkState, 'weights' | 'm' | 'v' | 'ema'>; gradientNorm: PhaseResult['gradientNorm'] } {
  const f = Math.fround;
  const t = state.updates + 1;
  const rate = f((adam.learningRate * Math.sqrt(1 - adam.beta2 ** t)) / (1 - adam.beta1 ** t));
  const [move1, move2, epsilon] = [f(1 - adam.beta1), f(1 - adam.beta2), f(adam.epsilon)];
  const orZero = (value: number, exponent: number): number => (Math.abs(value) < 2 ** exponent ? 0 : value);
  const next = {
    weights: state.weights.slice(),
    m: state.m.slice(),
    v: state.v.slice(),
    ema: state.ema.slice(),
  };
  const lanes = [0, 0, 0, 0];
  for (let i = 0; i < network.trainableLength; i++) {
    const exact = f(reduced[i]! / shards);
    lanes[i % 4]! += exact * exact;
    const gradient = orZero(exact, -60);
    const m = orZero(f(state.m[i]! + f(f(gradient - state.m[i]!) * move1)), -100);
    const v = orZero(f(state.v[i]! + f(f(f(gradient * gradient) - state.v[i]!) * move2)), -100);
    next.m[i] = m;
    next.v[i] = v;
    next.weights[i] = state.weights[i]! - f(f(rate * m) / f(f(Math.sqrt(v)) + epsilon));
  }
  for (let i = network.trainableLength; i < network.length; i++) {
    next.weights[i] = momentum * state.weights[i]! + (1 - momentum) * (reduced[i]! / shards);
  }
  const share = f(1 - Math.min(0.999, (1 + t) / (10 + t)));
  next.ema.forEach((old, i) => (next.ema[i] = old + f(f(next.weights[i]! - old) * share)));
  return { next, gradientNorm: Math.sqrt(lanes[0]! + lanes[1]! + (lanes[2]! + lanes[3]!)) };
}
