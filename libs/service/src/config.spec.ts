import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { presets } from '@gan-train/gan/presets';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  adamFromConfig,
  hashFromIdentity,
  identityDifferences,
  identityFromConfig,
  loadConfigFile,
  mergeAsked,
  modelFromConfig,
  resolveConfig,
  yamlFromConfig,
} from './config.js';
import type { GanTrainError } from './errors.js';
import { optionNames, options, type OptionName } from './options.js';

let directory: string;
beforeAll(async () => (directory = await mkdtemp(join(tmpdir(), 'gan-train-config-'))));
afterAll(async () => rm(directory, { recursive: true, force: true }));

/** The problems that a config is refused for, in the order in which a person reads them. */
function problemsOf(asked: unknown): string[] {
  try {
    resolveConfig(asked);
  } catch (error) {
    expect(error).toMatchObject({ code: 'bad_config' });
    const [first = '', ...rest] = (error as GanTrainError).what.split('\n  - ');
    if (rest.length === 0) return [first];
    expect(first).toBe(`${rest.length} problems`);
    return rest;
  }
  return [];
}

describe('resolveConfig', () => {
  it('makes the main job of nothing: digits, small enough for a laptop', () => {
    expect(resolveConfig({})).toEqual({
      preset: 'dcgan',
      data: 'mnist',
      size: 28,
      channels: 1,
      width: 64,
      latentDim: 100,
      batchNorm: true,
      batch: 64,
      shards: 4,
      seed: 1,
      learningRateG: expect.any(Number) as number,
      learningRateD: expect.any(Number) as number,
      beta1: 0.5,
      beta2: 0.999,
      epsilon: 1e-7,
      engine: 'auto',
      threads: 1,
      numerics: 'exact',
      steps: expect.any(Number) as number,
      epochs: undefined,
      init: undefined,
      trainers: 2,
      minTrainers: 1,
      sampleEvery: 100,
      weightsEvery: 100,
      checkpointSeconds: 60,
      keepCheckpoints: 3,
      guardEvery: 100,
      maxSkipped: 20,
      bucketKiB: 16_384,
      joinSeconds: 300,
      reconnectSeconds: 300,
      grpcPort: 0,
      httpPort: 0,
    });
  });

  it.each(['dcgan', 'seed'] as const)('takes the whole recipe of preset %s when it is named', (name) => {
    const { model, batch, generatorAdam, discriminatorAdam, sampleEvery, weightsEvery } = presets[name];
    const config = resolveConfig({ preset: name });
    expect(config).toMatchObject({ preset: name, ...model, batch, sampleEvery, weightsEvery });
    expect(adamFromConfig(config, 'generator')).toEqual(generatorAdam);
    expect(adamFromConfig(config, 'discriminator')).toEqual(discriminatorAdam);
    expect(modelFromConfig(config)).toEqual({ preset: name, channels: 1, ...model });
  });

  it('takes colour and an absolute path for a folder of images', () => {
    expect(resolveConfig({ data: 'photos' })).toMatchObject({
      data: resolve('photos'),
      channels: 3,
      width: 64,
    });
    expect(resolveConfig({ data: 'photos', channels: 1 }).channels).toBe(1);
  });

  it('lets every given value win, also the falsy ones, and ignores undefined', () => {
    const given = { seed: 0, batchNorm: false, sampleEvery: 0, beta1: 0, width: 8, trainers: undefined };
    expect(resolveConfig(given)).toMatchObject({ ...given, trainers: 2 });
  });

  it('tells all problems at once, unknown options, wrong types and ranges together', () => {
    expect(
      problemsOf({
        lerningRateG: 1,
        zzz: 1,
        batch: '64',
        shards: 3,
        trainers: 0,
        engine: 'cuda',
        batchNorm: 1,
      }),
    ).toEqual(
      expect.arrayContaining([
        'lerningRateG is not an option; did you mean learningRateG?',
        'zzz is not an option',
        'batch must be a whole number from 1 to 1048576, not "64"',
        'shards must be a power of two, not 3',
        'trainers must be at least 1, not 0',
        'engine must be one of auto, tensorflow, onnx, cpu, not "cuda"',
        'batchNorm must be true or false, not 1',
      ]),
    );
  });

  it.each([
    ['batch-size', 'batch'],
    ['learning-rate-g', 'learningRateG'],
    ['shard', 'shards'],
    ['checkpointsecs', 'checkpointSeconds'],
    ['Preset', 'preset'],
  ])('suggests for %s the option %s', (wrong, meant) => {
    expect(problemsOf({ [wrong]: 1 })).toEqual([`${wrong} is not an option; did you mean ${meant}?`]);
  });

  it.each<[Record<string, unknown>, RegExp]>([
    [{ batch: 10, shards: 4 }, /batch must be divisible by shards: 10 is not divisible by 4; 12 is$/],
    [{ batch: 1, shards: 8 }, /; 8 is$/],
    [{ steps: 10, epochs: 1 }, /steps and epochs exclude each other/],
    [{ size: 30 }, /size must be divisible by 4 for preset dcgan.*28 and 32$/],
    [{ preset: 'seed', size: 28 }, /size must be divisible by 8 for preset seed.*24 and 32$/],
    [{ channels: 2 }, /channels must be 1 or 3, not 2/],
    [{ seed: 0.5 }, /seed must be a whole number/],
    [{ learningRateG: 2 }, /learningRateG must be at most 1, not 2/],
    [{ learningRateG: Infinity }, /learningRateG must be a number.*not Infinity/],
    [{ learningRateG: NaN }, /learningRateG must be a number.*not NaN/],
    [{ data: '' }, /data must not be empty/],
    [{ grpcPort: 65_536 }, /grpcPort must be at most 65535/],
  ])('refuses %j', (asked, problem) => {
    const problems = problemsOf(asked);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(problem);
  });

  it('adds up what excludes what, also beside options that are wrong by themselves', () => {
    expect(problemsOf({ steps: 1, epochs: 1, batch: 5, size: 29 })).toHaveLength(3);
    expect(problemsOf({ steps: 1, epochs: 1, batch: 5, size: 29, zzz: 1, engine: 7 })).toHaveLength(5);
  });

  it.each([[null], [undefined], [[1]], ['steps'], [7]])('refuses %j, which is no mapping', (asked) => {
    expect(problemsOf(asked)).toEqual(['the config must be a mapping of options to values']);
  });
});

describe('a config as YAML', () => {
  it.each([
    {},
    { preset: 'seed', data: '/photos: of "cats"', seed: Number.MAX_SAFE_INTEGER },
    { epochs: 2.5 },
    { steps: 7, learningRateG: 1e-12, epsilon: 1e-12, data: 'true', numerics: 'agree' },
  ])('comes back as it was: %j', (asked) => {
    const config = resolveConfig(asked);
    const back = resolveConfig(parse(yamlFromConfig(config)));
    // With epochs the default of steps means nothing.
    expect(back).toEqual(config.epochs === undefined ? config : { ...config, steps: back.steps });
  });
});

describe('mergeAsked', () => {
  const before = { seed: 1, steps: 100 };

  it('puts what is asked on top of what was begun with', () => {
    expect(mergeAsked(before, { trainers: 3, seed: undefined })).toEqual({
      seed: 1,
      steps: 100,
      trainers: 3,
    });
  });

  it('lets steps and epochs replace each other', () => {
    expect(mergeAsked(before, { epochs: 2 })).toEqual({ seed: 1, epochs: 2 });
    expect(mergeAsked({ seed: 1, epochs: 2 }, { steps: 5 })).toEqual({ seed: 1, steps: 5 });
    expect(mergeAsked({ epochs: 2 }, { seed: 3 })).toEqual({ seed: 3, epochs: 2 });
  });

  it('leaves both when both are asked for, which is refused', () => {
    expect(problemsOf(mergeAsked(before, { steps: 1, epochs: 1 }))).toHaveLength(1);
  });
});

describe('loadConfigFile', () => {
  const load = async (text: string): Promise<Record<string, unknown>> => {
    const file = join(directory, 'config.yaml');
    await writeFile(file, text);
    return loadConfigFile(file);
  };

  it('reads options without judging them', async () => {
    expect(await load('steps: 5\nzzz: [1]\n')).toEqual({ steps: 5, zzz: [1] });
  });

  it('takes an empty file for no options', async () => {
    expect(await load('# nothing\n')).toEqual({});
  });

  it.each(['- 1\n- 2\n', 'steps\n', '7'])('refuses %j, which is no mapping', async (text) => {
    await expect(load(text)).rejects.toMatchObject({
      code: 'bad_config',
      what: expect.stringMatching(/config\.yaml is not a mapping/) as string,
    });
  });

  it('says where a file is not YAML', async () => {
    await expect(load('steps: 5\nbatch: [1\n')).rejects.toMatchObject({
      code: 'bad_config',
      what: expect.stringMatching(/config\.yaml is not YAML: .* at line \d/) as string,
    });
  });

  it('names a file that is not there', async () => {
    const file = join(directory, 'missing.yaml');
    await expect(loadConfigFile(file)).rejects.toMatchObject({
      code: 'bad_config',
      what: `cannot read the config file ${file}`,
    });
  });
});

const base = resolveConfig({});
const engine = { name: 'onnx', identity: 'onnxruntime 1' };
const hashOf = (config: object, content: { data?: string; init?: string } = {}, on = engine): string =>
  hashFromIdentity(
    identityFromConfig({ ...base, ...config }, { data: 'abc', init: undefined, ...content }, on),
  );

/** A value other than the default, for every option. */
const another: Record<OptionName, string | number | boolean> = {
  preset: 'seed',
  data: '/elsewhere',
  size: 32,
  channels: 3,
  width: 8,
  latentDim: 7,
  batchNorm: false,
  batch: 128,
  shards: 8,
  seed: 2,
  learningRateG: 1e-3,
  learningRateD: 1e-3,
  beta1: 0.9,
  beta2: 0.9,
  init: '/weights',
  epsilon: 1e-8,
  engine: 'cpu',
  threads: 2,
  numerics: 'agree',
  steps: 1,
  epochs: 2,
  trainers: 1,
  minTrainers: 2,
  sampleEvery: 1,
  weightsEvery: 1,
  checkpointSeconds: 1,
  keepCheckpoints: 1,
  guardEvery: 1,
  maxSkipped: 1,
  bucketKiB: 1,
  joinSeconds: 1,
  reconnectSeconds: 1,
  grpcPort: 1,
  httpPort: 1,
};

/** In the identity by what they mean: data and initial weights by content, the engine as it was resolved. */
const byMeaning = ['data', 'init', 'engine'];
const identityNames = optionNames.filter((name) => options[name].kind === 'identity');

describe('the identity of a run', () => {
  it.each(identityNames.filter((name) => !byMeaning.includes(name)))('changes with %s', (name) => {
    expect(hashOf({ [name]: another[name] })).not.toBe(hashOf({}));
  });

  it('does not change with any operational option', () => {
    const names = optionNames.filter((name) => options[name].kind === 'operational');
    expect(names).toContain('steps');
    fc.assert(
      fc.property(fc.subarray(names), (changed) => {
        const change = Object.fromEntries(changed.map((name) => [name, another[name]]));
        expect(hashOf(change)).toBe(hashOf({}));
      }),
    );
  });

  it('has data and initial weights by content, and the engine as resolved, not as asked for', () => {
    expect(hashOf({ data: '/elsewhere' })).toBe(hashOf({}));
    expect(hashOf({ engine: 'onnx' })).toBe(hashOf({ engine: 'auto' }));
    expect(hashOf({}, { data: 'other bytes' })).not.toBe(hashOf({}));
    const begun = hashOf({ init: '/weights' }, { init: 'these bytes' });
    expect(hashOf({ init: '/moved' }, { init: 'these bytes' })).toBe(begun);
    expect(hashOf({ init: '/weights' }, { init: 'other bytes' })).not.toBe(begun);
    expect(hashOf({})).not.toBe(begun);
    expect(hashOf({}, {}, { name: 'cpu', identity: engine.identity })).not.toBe(hashOf({}));
    expect(hashOf({}, {}, { ...engine, identity: 'onnxruntime 2' })).not.toBe(hashOf({}));
  });

  it('does not depend on the order of its keys', () => {
    const identity = identityFromConfig(base, { data: 'abc', init: undefined }, engine);
    const reversed = Object.fromEntries(Object.entries(identity).reverse());
    expect(hashFromIdentity(reversed)).toBe(hashFromIdentity(identity));
    expect(hashFromIdentity(identity)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('is told apart by name and value, also where one is missing', () => {
    expect(identityDifferences({ seed: 1, batch: 64, init: 'x' }, { batch: 32, seed: 1, width: 8 })).toEqual([
      'batch was 64 and is now 32',
      'init was x and is now not set',
      'width was not set and is now 8',
    ]);
    expect(identityDifferences({ seed: 1 }, { seed: 1 })).toEqual([]);
  });
});
