import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { createGan, disposeGan, initialState, type Gan } from '@gan-train/gan';
import type { CheckpointHeader } from '@gan-train/rpc';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createInitialState,
  emptyRow,
  networks,
  snapshotState,
  stateFromCheckpoint,
  type TrainerState,
} from './state.js';

let gan: Gan;
beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
  gan = createGan({ preset: 'dcgan', size: 12, channels: 1, width: 2, latentDim: 3, batchNorm: true });
});
afterAll(() => disposeGan(gan));

/** A state in which every number is another one. */
function busyState(position: { step: number; phase: number }): TrainerState {
  const state = createInitialState(gan, 1);
  let next = 1;
  for (const network of networks) {
    for (const field of ['weights', 'm', 'v', 'ema'] as const) {
      const values = state.networks[network][field];
      for (let i = 0; i < values.length; i++) values[i] = next++ / 3;
    }
  }
  state.networks.generator.updates = 41;
  state.networks.discriminator.updates = 42;
  return {
    ...state,
    triple: { generation: { term: 2, n: 3 }, position },
    row: { ...emptyRow(7), dLoss: 0.5 },
  };
}

type Snapshot = ReturnType<typeof snapshotState>;

/** The header that the coordinator gives back for what was sent. */
function headerOf(snapshot: Snapshot, change: Partial<CheckpointHeader> = {}): CheckpointHeader {
  return {
    runId: 'run-1',
    generation: snapshot.state.generation,
    purpose: 'CHECKPOINT',
    position: snapshot.state.position,
    tensors: snapshot.tensors.map(({ name, shape }) => ({ name, shape: [...shape] })),
    generatorUpdates: snapshot.updates.generator,
    discriminatorUpdates: snapshot.updates.discriminator,
    final: false,
    row: snapshot.row ?? null,
    ...change,
  };
}

const snapshotOf = (state: TrainerState): Snapshot => snapshotState(gan, state, 'CHECKPOINT', undefined);

describe('a state', () => {
  it('begins as the gan says, at the end of step 0', () => {
    const state = createInitialState(gan, 5);
    for (const network of networks) expect(state.networks[network]).toEqual(initialState(gan, network, 5));
    expect(state.triple).toEqual({ generation: { term: 0, n: 0 }, position: { step: 0, phase: 1 } });
    expect(state.row.step).toBe(1);
  });
});

describe('createInitialState', () => {
  it('says that a model is too large', () => {
    const discriminator = { ...gan.layouts.discriminator, length: 2e8, trainableLength: 2e8 };
    const huge = { ...gan, layouts: { ...gan.layouts, discriminator } };
    expect(() => createInitialState(huge, 1)).toThrow(
      expect.objectContaining({
        code: 'bad_config',
        what: expect.stringContaining('take a smaller width or size') as string,
      }) as Error,
    );
  });
});

describe('a snapshot', () => {
  it.each([
    { step: 6, phase: 1 },
    { step: 7, phase: 0 },
  ])('comes back as the same state at $step, phase $phase', (position) => {
    const state = busyState(position);
    const snapshot = snapshotOf(state);
    const back = stateFromCheckpoint(gan, headerOf(snapshot), snapshot.data);
    // Within a step its row is known in part, and goes along.
    expect(back).toEqual({ ...state, row: position.phase === 0 ? state.row : emptyRow(7) });
  });

  it('names and lays out tensors by name, without gaps', () => {
    const { tensors, data } = snapshotOf(busyState({ step: 6, phase: 1 }));
    const names = tensors.map(({ name }) => name);
    expect(names).toEqual([...names].sort());
    expect(names).toEqual(
      expect.arrayContaining([
        'discriminator/conv2d/kernel',
        'discriminator/conv2d/kernel/m',
        'discriminator/conv2d/kernel/v',
        'generator/batch_normalization/moving_mean',
        'generator/batch_normalization/moving_mean/ema',
        'generator/dense/kernel/ema',
      ]),
    );
    expect(names).not.toContain('generator/batch_normalization/moving_mean/m');
    expect(names).not.toContain('discriminator/conv2d/kernel/ema');
    let at = 0;
    for (const { offset, length, shape } of tensors) {
      expect(offset).toBe(at);
      expect(length).toBe(4 * shape.reduce((a, b) => a * b, 1));
      at += length;
    }
    expect(data.byteLength).toBe(at);
  });

  it('is a copy: training on changes nothing in it', () => {
    const state = busyState({ step: 6, phase: 1 });
    const { data } = snapshotOf(state);
    const before = Buffer.from(new Uint8Array(data)).toString('hex');
    for (const network of networks) state.networks[network].weights.fill(0);
    expect(Buffer.from(new Uint8Array(data)).toString('hex')).toBe(before);
  });

  it('of weights has no slots and no average', () => {
    const { tensors } = snapshotState(gan, busyState({ step: 6, phase: 1 }), 'WEIGHTS', undefined);
    expect(tensors.filter(({ name }) => /\/(m|v|ema)$/.test(name))).toEqual([]);
    expect(tensors.length).toBeGreaterThan(0);
  });

  it('is written over an old one of its size, and not over another', () => {
    const state = busyState({ step: 6, phase: 1 });
    const first = snapshotOf(state).data;
    expect(snapshotState(gan, state, 'CHECKPOINT', first).data).toBe(first);
    expect(snapshotState(gan, state, 'WEIGHTS', first).data).not.toBe(first);
  });
});

describe('stateFromCheckpoint', () => {
  const badly = (
    change: (header: CheckpointHeader) => Partial<CheckpointHeader>,
    extraBytes = 0,
  ): unknown => {
    const snapshot = snapshotOf(busyState({ step: 6, phase: 1 }));
    const header = headerOf(snapshot);
    const data = new SharedArrayBuffer(snapshot.data.byteLength + extraBytes);
    new Uint8Array(data).set(new Uint8Array(snapshot.data).subarray(0, data.byteLength));
    try {
      return stateFromCheckpoint(gan, { ...header, ...change(header) }, data);
    } catch (error) {
      return error;
    }
  };

  it.each<[string, (header: CheckpointHeader) => Partial<CheckpointHeader>, RegExp]>([
    ['a missing tensor', ({ tensors }) => ({ tensors: tensors.slice(1) }), /expected, .* found$/],
    [
      'the last one missing',
      ({ tensors }) => ({ tensors: tensors.slice(0, -1) }),
      /expected, nothing found$/,
    ],
    [
      'one more',
      ({ tensors }) => ({ tensors: [...tensors, { name: 'z', shape: [1] }] }),
      /no more tensors expected, z \[1\] found$/,
    ],
    [
      'another shape',
      ({ tensors }) => ({ tensors: tensors.map((t, i) => (i === 2 ? { ...t, shape: [...t.shape, 1] } : t)) }),
      /, 1\] found$/,
    ],
    [
      'another name',
      ({ tensors }) => ({ tensors: tensors.map((t, i) => (i === 0 ? { ...t, name: 'a/b' } : t)) }),
      /a\/b .* found$/,
    ],
  ])('refuses %s, and says what it expected', (_name, change, what) => {
    expect(badly(change)).toMatchObject({
      code: 'bad_checkpoint',
      what: expect.stringMatching(what) as string,
    });
  });

  it.each([4, -4])('refuses %i bytes more than the tensors have', (extraBytes) => {
    expect(badly(() => ({}), extraBytes)).toMatchObject({ code: 'bad_checkpoint' });
  });
});
