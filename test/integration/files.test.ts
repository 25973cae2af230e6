import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeNpy, encodeNpy, loadCheckpoint, loadKerasWeights } from '@gan-train/checkpoint';
import { gridNoise } from '@gan-train/gan';
import { modelFromConfig, resolveConfig } from '@gan-train/service';
import {
  countTo,
  csvOf,
  directoryOfTests,
  eventsFrom,
  gan,
  inspected,
  readJson,
  setupMs,
  tinyDcgan,
  trainArgs,
  type ReportedEvent,
} from '../support/index.js';

const directory = directoryOfTests();
const out = join(directory, 'run');
const steps = 5;
const often = ['--sample-every', '2', '--weights-every', '2', '--checkpoint-seconds', '0'];

let events: ReportedEvent[];
const eventsNamed = (name: string): ReportedEvent[] => events.filter(({ event }) => event === name);

beforeAll(async () => {
  const { code, stdout, stderr } = await gan(
    ...trainArgs(out, tinyDcgan, '--steps', String(steps), ...often),
  );
  expect(stderr).toBe('');
  expect(code).toBe(0);
  events = eventsFrom(stdout);
}, setupMs);

describe('what train --json prints', () => {
  it('begins with the run and ends with where its files are', async () => {
    const { runId } = await inspected(out);
    expect(events[0]).toEqual({
      event: 'run',
      runId,
      directory: out,
      step: 0,
      steps,
      items: 60_000,
      batch: 8,
    });
    expect(events.at(-2)).toMatchObject({ event: 'finished', step: steps, status: 'finished' });
    expect(events.at(-1)).toEqual({ event: 'files', directory: out });
  });

  it('has every step once, in order, with the numbers of the table', async () => {
    const [header, ...rows] = (await csvOf(out)).trimEnd().split('\n');
    expect(header).toBe('step,epoch,d_loss,g_loss,d_real,d_fake,images_per_second');
    expect(rows.map((row) => Number(row.split(',')[0]))).toEqual(countTo(steps));
    const shown = eventsNamed('step').map((row) =>
      [row.step, 1, row.d_loss, row.g_loss, row.d_real, row.d_fake, row.images_per_second].join(','),
    );
    expect(shown).toEqual(rows);
    for (const row of eventsNamed('step')) {
      expect(Object.keys(row)).toEqual([
        'event',
        'step',
        'd_loss',
        'g_loss',
        'd_real',
        'd_fake',
        'images_per_second',
      ]);
    }
  });

  it('names every file when it is stored', () => {
    expect(eventsNamed('grid').map(({ step }) => step)).toEqual([2, 4, 5]);
    expect(eventsNamed('weights').map(({ step }) => step)).toContain(2);
    expect(eventsNamed('weights').at(-1)).toMatchObject({ step: steps });
    expect(eventsNamed('checkpoint')[0]).toMatchObject({ step: 1 });
    expect(eventsNamed('checkpoint').at(-1)).toMatchObject({ step: steps });
  });
});

describe('the files of a run', () => {
  it('are grids at the interval and at the end, of 8 by 8 images', async () => {
    expect((await readdir(join(out, 'samples'))).sort()).toEqual(['000002.png', '000004.png', '000005.png']);
    const { width, height, format } = await sharp(join(out, 'samples', '000004.png')).metadata();
    // 8 images of 28 px with 9 gaps of 2 px, enlarged twice.
    expect({ width, height, format }).toEqual({ width: 484, height: 484, format: 'png' });
  });

  it('are Keras weights, equal to those of the checkpoint of the same step', async () => {
    expect((await readdir(join(out, 'weights'))).sort()).toEqual([
      'gan_ds_weights_28.h5',
      'gan_gen_weights_28.h5',
    ]);
    const { tensors } = await loadCheckpoint(join(out, 'checkpoints', '000005'));
    for (const [network, file, firstDense] of [
      ['generator', 'gan_gen_weights_28.h5', { m: 7, filters: 6 }],
      ['discriminator', 'gan_ds_weights_28.h5', undefined],
    ] as const) {
      const { layers } = await loadKerasWeights(join(out, 'weights', file), {
        ...(firstDense && { firstDense }),
      });
      const weights = layers.flatMap((layer) => layer.weights);
      const names = [...tensors.keys()].filter(
        (name) => name.startsWith(network) && !/\/(m|v|ema)$/.test(name),
      );
      expect(weights.map(({ name }) => `${network}/${name}`).sort()).toEqual(names);
      for (const { name, shape, data } of weights) {
        const kept = tensors.get(`${network}/${name}`);
        expect(kept?.shape, name).toEqual(shape);
        expect(kept?.data, name).toEqual(data);
      }
    }
  });

  it('are checkpoints, of which the newest three are kept', async () => {
    const names = (await readdir(join(out, 'checkpoints'))).sort();
    expect(names.length).toBeLessThanOrEqual(3);
    expect(names.at(-1)).toBe('000005');
    const { manifest } = await loadCheckpoint(join(out, 'checkpoints', '000005'));
    expect(manifest).toMatchObject({ step: 5, weightsHash: eventsNamed('checkpoint').at(-1)?.weightsHash });
  });

  it('say what happened in run.json', async () => {
    const record = await readJson(out, 'run.json');
    expect(record).toMatchObject({ status: 'finished', step: steps, term: 1, generation: { term: 1, n: 1 } });
    expect(record.identity).toMatchObject({ preset: 'dcgan', engine: 'onnx', seed: 1, shards: 4 });
  });
});

describe('inspect', () => {
  it('reports a run as one JSON object', async () => {
    const report = await inspected(out);
    expect(Object.keys(report)).toEqual(['runId', 'status', 'step', 'parameters', 'weightsHash', 'config']);
    expect(report).toMatchObject({
      status: 'finished',
      step: steps,
      weightsHash: eventsNamed('checkpoint').at(-1)?.weightsHash,
      config: { preset: 'dcgan', size: 28, width: 3, batch: 8, shards: 4, steps },
    });
    expect(report.parameters.g).toBeGreaterThan(1_000);
    expect(report.parameters.d).toBeGreaterThan(100);
  });

  it('reports it in words', async () => {
    const { code, stdout } = await gan('inspect', out);
    const { runId, weightsHash } = await inspected(out);
    expect(code).toBe(0);
    expect(stdout).toContain(`run          ${runId}\n`);
    expect(stdout).toContain('status       finished\n');
    expect(stdout).toContain(`weightsHash  ${weightsHash}\n`);
    expect(stdout).toMatch(/^ {2}batch +8$/m);
  });

  it('says so when there is no run', async () => {
    const { code, stderr } = await gan('inspect', join(directory, 'nothing'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error run_missing: there is no run at .*; give the directory of a run\n$/);
  });
});

describe('sample', () => {
  const sample = async (file: string, ...flags: string[]): Promise<Buffer> => {
    const path = join(directory, file);
    const { code, stderr } = await gan('sample', out, '--out', path, ...flags);
    expect(code, stderr).toBe(0);
    return readFile(path);
  };

  it('gives the same bytes twice, and other ones for another seed', async () => {
    const first = await sample('a.png', '--count', '9');
    expect((await sample('b.png', '--count', '9')).equals(first)).toBe(true);
    expect((await sample('c.png', '--count', '9', '--seed', '2')).equals(first)).toBe(false);
    expect((await sample('d.png', '--count', '9', '--ema')).equals(first)).toBe(false);
    // 3 images of 28 px with 4 gaps of 2 px, enlarged twice.
    expect(await sharp(first).metadata()).toMatchObject({ width: 184, height: 184, format: 'png' });
  });

  it('takes noise from a .npy file and writes images to one', async () => {
    const model = modelFromConfig(resolveConfig(tinyDcgan));
    const noise = gridNoise(model, { seed: 1, count: 4 });
    await writeFile(join(directory, 'noise.npy'), encodeNpy([4, model.latentDim], noise));
    const given = await sample('given.npy', '--noise', join(directory, 'noise.npy'));
    const { shape, data } = decodeNpy(given);
    expect(shape).toEqual([4, 28, 28, 1]);
    for (const value of data) expect(Math.abs(value)).toBeLessThanOrEqual(1);
    expect(new Set(data).size).toBeGreaterThan(100);
    // The noise of a seed is documented: given as a file it makes the same images.
    expect((await sample('seeded.npy', '--count', '4', '--seed', '1')).equals(given)).toBe(true);
  });

  it.each([
    {
      what: 'another shape',
      bytes: encodeNpy([4, 3], new Float32Array(12)),
      says: "this model's noise is [count, 24]",
    },
    { what: 'no .npy file', bytes: Buffer.from('not numbers'), says: 'not an .npy file' },
  ])('refuses noise that is $what', async ({ bytes, says }) => {
    const [noise, picture] = [join(directory, 'bad.npy'), join(directory, 'bad.png')];
    await writeFile(noise, bytes);
    const { code, stderr } = await gan('sample', out, '--out', picture, '--noise', noise);
    expect(code).toBe(2);
    expect(stderr).toContain(says);
    expect(await readdir(directory)).not.toContain('bad.png');
  });

  it('refuses noise that is not there', async () => {
    const { code, stderr } = await gan(
      'sample',
      out,
      '--out',
      join(directory, 'x.png'),
      '--noise',
      'nowhere.npy',
    );
    expect(code).toBe(2);
    expect(stderr).toContain('cannot read nowhere.npy; give a .npy file');
  });
});
