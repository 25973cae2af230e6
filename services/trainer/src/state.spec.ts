import { createHash } from 'node:crypto';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { createGan, disposeGan, initialState, shadowOf, type Gan } from '@gan-train/gan';
import { sizeOfTensors, type CheckpointHeader } from '@gan-train/rpc';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createInitialState,
  emptyRow,
  hashFromState,
  initialStateFor,
  networks,
  snapshotState,
  stateFromBytes,
  type TrainerState,
} from './state.js';

const fields = ['weights', 'm', 'v', 'ema'] as const;

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
    for (const field of fields) {
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
    skippedInRow: 2,
  };
}

type Snapshot = ReturnType<typeof snapshotState>;

/** The header that the coordinator gives back for what was sent. */
function headerOf(snapshot: Snapshot, change: Partial<CheckpointHeader> = {}): CheckpointHeader {
  return {
    runId: 'run-1',
    generation: snapshot.state.generation,
    purpose: 'CHECKPOINT',
    state: snapshot.state,
    tensors: snapshot.tensors.map(({ name, shape }) => ({ name, shape: [...shape] })),
    generatorUpdates: snapshot.updates.generator,
    discriminatorUpdates: snapshot.updates.discriminator,
    final: false,
    row: snapshot.row ?? null,
    skippedInRow: snapshot.skippedInRow,
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
    const { data } = snapshot;
    const back = stateFromBytes(gan, { header: headerOf(snapshot), data }, createInitialState(gan, 1));
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
    const elements = tensors.map(({ shape }) => shape.reduce((a, b) => a * b, 1));
    expect(data.byteLength).toBe(4 * elements.reduce((a, b) => a + b, 0));
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

  it.each([1, 2, 3, 7])('is the same in %i slices', (count) => {
    const state = busyState({ step: 6, phase: 1 });
    const whole = snapshotOf(state);
    const slices = Array.from({ length: count }, (_, index) =>
      snapshotState(gan, state, 'CHECKPOINT', undefined, { index, count }),
    );
    let at = 0;
    for (const { start, data, tensors } of slices) {
      expect(tensors).toEqual(whole.tensors);
      expect(start).toBe(at);
      at += data.byteLength;
    }
    expect(at).toBe(sizeOfTensors(whole.tensors));
    const joined = Buffer.concat(slices.map(({ data }) => new Uint8Array(data)));
    expect(joined.equals(new Uint8Array(whole.data))).toBe(true);
  });
});

/** Bytes of every array of a state. */
const bytesOf = (state: TrainerState): string =>
  networks
    .flatMap((network) =>
      fields.map((field) => {
        const { buffer, byteOffset, byteLength } = state.networks[network][field];
        return Buffer.from(buffer, byteOffset, byteLength).toString('hex');
      }),
    )
    .join();

describe('a state that is taken over', () => {
  const incoming = (): { header: CheckpointHeader; data: SharedArrayBuffer } => {
    const snapshot = snapshotOf(busyState({ step: 6, phase: 1 }));
    return { header: headerOf(snapshot), data: snapshot.data };
  };

  it('lies in the shadows of the one that is there, which stays whole', () => {
    const present = createInitialState(gan, 5);
    const before = bytesOf(present);
    const taken = stateFromBytes(gan, incoming(), present);
    for (const network of networks) expect(taken.networks[network]).toBe(shadowOf(present.networks[network]));
    expect(bytesOf(present)).toBe(before);
    expect(present.networks.generator.updates).toBe(0);
    expect(bytesOf(taken)).toBe(bytesOf(busyState({ step: 6, phase: 1 })));
  });

  it('leaves the one that is there whole when it does not fit', () => {
    const present = createInitialState(gan, 5);
    const before = bytesOf(present);
    const { header, data } = incoming();
    const bytes = { header: { ...header, tensors: header.tensors.slice(0, -1) }, data };
    expect(() => stateFromBytes(gan, bytes, present)).toThrow(/does not fit the model/);
    expect(bytesOf(present)).toBe(before);
  });

  it('brings along how many updates were skipped in a row, and nothing that was agreed', () => {
    const present = { ...createInitialState(gan, 5), agreed: { stop: true, pause: true, checkpoint: true } };
    expect(stateFromBytes(gan, incoming(), present)).toMatchObject({
      skippedInRow: 2,
      agreed: { stop: false, pause: false, checkpoint: false },
    });
  });

  it('has a fresh row of the step that follows when none came along', () => {
    const { header, data } = incoming();
    const at = (step: number, phase: number): unknown => {
      const state = { generation: { term: 1, n: 1 }, position: { step, phase } };
      return stateFromBytes(
        gan,
        { header: { ...header, state, row: null }, data },
        createInitialState(gan, 5),
      ).row;
    };
    expect(at(6, 1)).toEqual(emptyRow(7));
    expect(at(7, 0)).toEqual(emptyRow(7));
  });
});

describe('initialStateFor', () => {
  it('is the initial state again, in the shadows of the one that is there', () => {
    const present = busyState({ step: 6, phase: 1 });
    // The shadows too hold something else.
    for (const network of networks) {
      for (const field of fields) shadowOf(present.networks[network])[field].fill(7);
      shadowOf(present.networks[network]).updates = 7;
    }
    const before = bytesOf(present);
    const initial = initialStateFor(gan, 1, present);
    expect(initial).toEqual(createInitialState(gan, 1));
    for (const network of networks)
      expect(initial.networks[network]).toBe(shadowOf(present.networks[network]));
    expect(bytesOf(present)).toBe(before);
    expect(present.networks.discriminator.updates).toBe(42);
  });
});

describe('hashFromState', () => {
  it('is the weightsHash of a checkpoint of that state', () => {
    const state = busyState({ step: 6, phase: 1 });
    const { data } = snapshotOf(state);
    const weightsHash = createHash('sha256').update(new Uint8Array(data)).digest('hex');
    expect(hashFromState(gan, state)).toBe(weightsHash);
  });

  it.each(fields)('is another one when a bit of %s is', (field) => {
    const state = busyState({ step: 6, phase: 1 });
    const before = hashFromState(gan, state);
    const values = state.networks.generator[field];
    values[values.length - 1] = -1;
    expect(hashFromState(gan, state)).not.toBe(before);
  });
});

describe('stateFromBytes', () => {
  const badly = (
    change: (header: CheckpointHeader) => Partial<CheckpointHeader>,
    extraBytes = 0,
  ): unknown => {
    const snapshot = snapshotOf(busyState({ step: 6, phase: 1 }));
    const header = headerOf(snapshot);
    const data = new SharedArrayBuffer(snapshot.data.byteLength + extraBytes);
    new Uint8Array(data).set(new Uint8Array(snapshot.data).subarray(0, data.byteLength));
    try {
      return stateFromBytes(
        gan,
        { header: { ...header, ...change(header) }, data },
        createInitialState(gan, 1),
      );
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
