import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  contentsOf,
  directoryOfTests,
  exists,
  flagsFrom,
  gan,
  liveOf,
  setupMs,
  startCommand,
  tinyDcgan,
  tinySeed,
  trainArgs,
  trained,
  until,
} from '../support/index.js';

const directory = directoryOfTests();
const at = (name: string): string => join(directory, name);

async function file(name: string, content: string): Promise<string> {
  await writeFile(at(name), content);
  return at(name);
}

/** What `train` answers to what it can't do: exit 2, and no trace of a run. */
async function refusal(out: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await gan('train', '--out', out, ...args);
  expect(stderr).toMatch(/^error \w+: /);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(await exists(out)).toBe(false);
  return stderr;
}

describe('train refuses', () => {
  it.each([
    { what: 'an unknown option', args: ['--colour', '3'], says: ['--colour is not an option'] },
    {
      what: 'a misspelt option',
      args: ['--batchsize', '8'],
      says: ['--batchsize is not an option', 'did you mean --batch?'],
    },
    { what: 'a surplus argument', args: ['mnist'], says: ['mnist is not an option'] },
    { what: 'a wrong type', args: ['--batch', 'many'], says: ['batch must be a whole number', 'not "many"'] },
    { what: 'a value out of range', args: ['--shards', '3'], says: ['shards must be a power of two, not 3'] },
    { what: 'an unknown preset', args: ['--preset', 'vae'], says: ['preset must be one of dcgan, seed'] },
    {
      what: 'two wrong options, naming both',
      args: ['--seed', '-1', '--engine', 'gpu'],
      says: ['2 problems', 'seed must be at least 0', 'engine must be one of auto, tensorflow, onnx, cpu'],
    },
    {
      what: 'a batch that does not divide into shards',
      args: ['--batch', '10'],
      says: ['10 is not divisible by 4', '12 is'],
    },
    {
      what: 'a size that the seed preset cannot halve three times',
      args: ['--preset', 'seed', '--size', '30'],
      says: ['divisible by 8 for preset seed, not 30', 'fit are 24 and 32'],
    },
    {
      what: 'the tensorflow engine where it is not installed',
      args: ['--engine', 'tensorflow'],
      says: ['error engine_missing', 'make one with gan-train engine add tensorflow', '--engine onnx'],
    },
    {
      what: 'to go on with a run that is not there',
      args: ['--resume'],
      says: ['error run_missing', 'leave --resume out to begin one'],
    },
  ])('$what', async ({ args, says }) => {
    const stderr = await refusal(at('refused'), ...args);
    for (const words of says) expect(stderr).toContain(words);
  });

  it('--out below a file', async () => {
    const stderr = await refusal(join(await file('a-file', 'kept'), 'run'), ...flagsFrom(tinyDcgan));
    expect(stderr).toMatch(
      /^error not_writable: .* lies below a file; give --out a directory that can be made/,
    );
  });

  it.each([
    { what: 'is no YAML', text: 'batch: [1\nsteps: 2', says: /is not YAML: .*; mend that line/ },
    { what: 'is no mapping', text: '- batch', says: /is not a mapping of options to values/ },
    {
      what: 'has an unknown option',
      text: 'batch: 8\nepoch: 2',
      says: /epoch is not an option; did you mean epochs\?/,
    },
    {
      what: 'has a value of the wrong type',
      text: 'batch: "8"',
      says: /batch must be a whole number .*, not "8"/,
    },
  ])('a config file that $what', async ({ text, says }) => {
    expect(await refusal(at('refused'), '--config', await file('bad.yaml', text))).toMatch(says);
  });

  it('a config file that is not there', async () => {
    const stderr = await refusal(at('refused'), '--config', at('none.yaml'));
    expect(stderr).toContain('none.yaml; name a readable YAML file');
  });
});

describe('an existing run', () => {
  const out = at('existing');
  beforeAll(async () => {
    await trained(out, tinyDcgan, '--steps', '2', '--trainers', '1');
  }, setupMs);

  const refusedUntouched = async (...args: string[]): Promise<string> => {
    const before = await contentsOf(out);
    const { code, stderr } = await gan(...trainArgs(out, {}, ...args));
    expect(code).toBe(2);
    expect(await contentsOf(out)).toEqual(before);
    return stderr;
  };

  it('is not overwritten without --resume', async () => {
    const stderr = await refusedUntouched('--steps', '3');
    expect(stderr).toMatch(/^error run_exists: there is a run at .*; give --resume/);
  });

  it('does not go on with other identity options, which are named', async () => {
    const stderr = await refusedUntouched('--resume', '--steps', '4', '--seed', '2', '--batch', '16');
    expect(stderr).toContain('error identity_changed');
    expect(stderr).toContain('batch was 8 and is asked to be 16; seed was 1 and is asked to be 2');
    expect(stderr).toContain('begin a new run with another --out');
  });

  it('takes options from a config file, which flags win over', async () => {
    const config = await file(
      'good.yaml',
      'preset: seed\nsize: 16\nwidth: 2\nlatentDim: 24\nbatch: 8\nseed: 5\nsteps: 9\n',
    );
    const run = await trained(
      at('from-yaml'),
      {},
      '--config',
      config,
      '--steps',
      '1',
      '--trainers',
      '1',
      '--engine',
      'onnx',
    );
    const same = await trained(at('from-flags'), { ...tinySeed, seed: 5 }, '--steps', '1', '--trainers', '1');
    expect(run.weightsHash).toBe(same.weightsHash);
  });
});

describe('while a coordinator lives', () => {
  const out = at('living');
  let live: { grpcPort: number; httpPort: number };

  beforeAll(async () => {
    const config = flagsFrom({ ...tinyDcgan, steps: 3 });
    startCommand(['coordinator', '--out', out, '--host', '127.0.0.1', ...config]);
    live = await until('the coordinator', async () =>
      (await exists(join(out, 'live.json'))) ? liveOf(out) : undefined,
    );
  }, setupMs);

  it('its run is locked against another one', async () => {
    const record = (await contentsOf(out))[join(out, 'run.json')];
    const { code, stderr } = await gan(...trainArgs(out, {}, '--resume'));
    expect(stderr).toMatch(/^error run_locked: another coordinator has the run at .*; wait for it to end/);
    expect(code).toBe(2);
    expect((await contentsOf(out))[join(out, 'run.json')]).toBe(record);
  });

  it.each(['grpcPort', 'httpPort'] as const)('its %s is taken', async (port) => {
    const stderr = await refusal(at('no-port'), ...flagsFrom({ ...tinyDcgan, [port]: live[port] }));
    expect(stderr).toMatch(
      /^error port_taken: cannot listen on 127\.0\.0\.1:\d+ .*; choose another port, or 0/,
    );
  });
});
