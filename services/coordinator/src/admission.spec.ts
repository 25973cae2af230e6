import { describe, expect, it } from 'vitest';
import { admitEngine, admitProbe } from './admission.js';
import type { RunContext } from './run.js';
import { keepingLog, tinyConfig } from './testing.js';

type Config = RunContext['config'];

/** A run whose record is this, and what is saved of it. */
function contextOf(config: Partial<Config> = {}, record: object = {}): RunContext {
  const directory = {
    record: { ...record },
    async save(change: object) {
      directory.record = { ...directory.record, ...change };
      return Promise.resolve();
    },
  };
  const data = { manifest: { hash: 'data-1' } };
  const { log } = keepingLog();
  return { config: { ...tinyConfig, ...config }, directory, data, log } as unknown as RunContext;
}

const cpu = { name: 'cpu', identity: 'tfjs 4' };
const onnx = { name: 'onnx', identity: 'ort 1' };

describe('the engine of a run', () => {
  it('is the first that the first trainer has, and stays that', async () => {
    const context = contextOf({ engine: 'auto' });
    const first = await admitEngine(context, [onnx, cpu]);
    expect(first.engine).toBe('onnx');
    expect(context.directory.record).toMatchObject({
      identity: { engine: 'onnx' },
      identityHash: first.identityHash,
    });
    expect(await admitEngine(context, [cpu, onnx])).toEqual(first);
  });

  it('is the one that the config names', async () => {
    expect((await admitEngine(contextOf({ engine: 'cpu' }), [onnx, cpu])).engine).toBe('cpu');
  });

  it('must load in every trainer', async () => {
    await expect(admitEngine(contextOf({ engine: 'tensorflow' }), [onnx, cpu])).rejects.toMatchObject({
      code: 'refused',
      what: 'engine tensorflow does not load in this trainer, which has onnx, cpu',
    });
    const context = contextOf({ engine: 'auto' });
    await admitEngine(context, [onnx]);
    await expect(admitEngine(context, [cpu])).rejects.toMatchObject({
      what: 'engine onnx does not load in this trainer, which has cpu',
    });
    await expect(admitEngine(contextOf({ engine: 'auto' }), [])).rejects.toMatchObject({ code: 'refused' });
  });

  it('must compute the same in every trainer; what is other is named', async () => {
    const context = contextOf({ engine: 'auto' });
    await admitEngine(context, [onnx]);
    const before = context.directory.record;
    await expect(admitEngine(context, [{ ...onnx, identity: 'ort 2' }])).rejects.toMatchObject({
      code: 'refused',
      what: expect.stringMatching(/^this trainer would compute another run: .*ort 1.*ort 2/) as string,
    });
    expect(context.directory.record).toBe(before);
  });

  it('is part of an identity with the data and the first weights', async () => {
    const hashes = await Promise.all(
      [{}, { initHash: 'i' }].map(
        async (record) => (await admitEngine(contextOf({}, record), [cpu])).identityHash,
      ),
    );
    expect(new Set(hashes).size).toBe(2);
  });
});

describe('the probe of a trainer', () => {
  it('must be what the first one found, with exact numerics', async () => {
    const context = contextOf({ numerics: 'exact' });
    await admitProbe(context, 'x');
    expect(context.directory.record.probeHash).toBe('x');
    await admitProbe(context, 'x');
    await expect(admitProbe(context, 'y')).rejects.toMatchObject({
      code: 'refused',
      what: expect.stringContaining('this trainer computes other bits than the run began with') as string,
    });
  });

  it('may be another where numerics only agree', async () => {
    const context = contextOf({ numerics: 'agree' });
    await admitProbe(context, 'x');
    await admitProbe(context, 'y');
    expect(context.directory.record.probeHash).toBe('x');
  });
});
