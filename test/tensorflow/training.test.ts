import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  directoryOfTests,
  readJson,
  tinyDcgan,
  tinySeed,
  trained,
  type TrainedRun,
} from '../support/index.js';

const directory = directoryOfTests();
const steps = '6';

describe.each([
  { preset: 'dcgan', asked: { ...tinyDcgan, engine: 'tensorflow' } },
  { preset: 'seed', asked: { ...tinySeed, engine: 'tensorflow' } },
])('a run of preset $preset on TensorFlow', ({ preset, asked }) => {
  const out = (name: string): string => join(directory, `${preset}-${name}`);
  let alone: TrainedRun;

  beforeAll(async () => {
    alone = await trained(out('alone'), asked, '--steps', steps, '--trainers', '1');
  });

  const expectSame = (run: TrainedRun): void => {
    expect(run.weightsHash).toBe(alone.weightsHash);
    expect(run.losses).toEqual(alone.losses);
  };

  it('says in its identity which TensorFlow it is', async () => {
    const { identity } = await readJson(alone.out, 'run.json');
    expect(identity).toMatchObject({
      engine: 'tensorflow',
      engineIdentity: expect.stringMatching(/^tensorflow \d+\.\d+\.\d+ cpu tfjs-node 4\.\d+\.\d+$/) as string,
    });
  });

  it.each(['2', '4'])('has the same bits with %s trainers', async (trainers) => {
    expectSame(await trained(out(`of-${trainers}`), asked, '--steps', steps, '--trainers', trainers));
  });

  it('has the same bits when it is resumed at step 3 with another number of trainers', async () => {
    const half = await trained(out('resumed'), asked, '--steps', '3', '--trainers', '1');
    expect(half.weightsHash).not.toBe(alone.weightsHash);
    expectSame(await trained(half.out, {}, '--resume', '--steps', steps, '--trainers', '2'));
  });

  it("has engine onnx's losses to 1e-3, and not its bits", async () => {
    const other = { ...asked, engine: 'onnx' };
    const onnx = await trained(out('onnx'), other, '--steps', steps, '--trainers', '1');
    expect(onnx.weightsHash).not.toBe(alone.weightsHash);
    const numbers = (run: TrainedRun): number[] => run.losses.slice(1).flat().map(Number);
    const pairs = numbers(alone).map((value, i) => Math.abs(value - Number(numbers(onnx)[i])));
    expect(Math.max(...pairs)).toBeLessThanOrEqual(1e-3);
  });
});

it('is what auto takes when it loads', async () => {
  const auto = { ...tinyDcgan, engine: 'auto' };
  const { out } = await trained(join(directory, 'auto'), auto, '--steps', '1', '--trainers', '2');
  expect((await readJson(out, 'run.json')).identity).toMatchObject({ engine: 'tensorflow' });
});
