import { join } from 'node:path';
import { expect, it } from 'vitest';
import { directoryOfTests, readJson, trained, type Asked } from '../support/index.js';

const directory = directoryOfTests();

it.each([
  { preset: 'dcgan', size: 8, width: 2 },
  { preset: 'seed', size: 8, width: 1 },
])('cpu and onnx agree on the losses of preset $preset', async (model) => {
  const losses = async (engine: string): Promise<number[]> => {
    const asked: Asked = { ...model, engine, latentDim: 8, batch: 8, steps: 3, trainers: 1 };
    const run = await trained(join(directory, `${model.preset}-${engine}`), asked);
    expect((await readJson(run.out, 'run.json')).identity).toMatchObject({ engine });
    return run.losses.slice(1).flatMap((row) => row.slice(2).map(Number));
  };
  const [cpu, onnx] = [await losses('cpu'), await losses('onnx')];
  expect(cpu).toHaveLength(3 * 4);
  cpu.forEach((value, i) => expect(Math.abs((onnx[i] ?? NaN) - value)).toBeLessThan(1e-3));
});
