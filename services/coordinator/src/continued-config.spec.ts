import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { resolveConfig, yamlFromConfig } from '@gan-train/service';
import { describe, expect, it } from 'vitest';
import { continuedConfig } from './continued-config.js';
import { temporaryFolder } from './testing.js';

async function runBegunWith(asked: Record<string, unknown>, identity?: object): Promise<string> {
  const path = await temporaryFolder();
  await writeFile(join(path, 'config.yaml'), yamlFromConfig(resolveConfig(asked)));
  await writeFile(join(path, 'run.json'), JSON.stringify({ format: 1, runId: 'r', identity }));
  return path;
}

describe('the config of a run that goes on', () => {
  it('is its own, with operational options as asked now', async () => {
    const path = await runBegunWith({ seed: 5, steps: 10, trainers: 3 });
    expect(await continuedConfig(path, {})).toEqual(resolveConfig({ seed: 5, steps: 10, trainers: 3 }));
    expect(await continuedConfig(path, { steps: 20, trainers: undefined })).toMatchObject({
      seed: 5,
      steps: 20,
      trainers: 3,
    });
  });

  it('may go on by epochs after steps, and by steps after epochs', async () => {
    const bySteps = await runBegunWith({ steps: 10 });
    expect((await continuedConfig(bySteps, { epochs: 2 })).epochs).toBe(2);
    const byEpochs = await runBegunWith({ epochs: 2 });
    expect((await continuedConfig(byEpochs, {})).epochs).toBe(2);
    expect(await continuedConfig(byEpochs, { steps: 30 })).toMatchObject({ steps: 30, epochs: undefined });
  });

  it('is refused with another identity, every change by name', async () => {
    const path = await runBegunWith({ seed: 5 });
    await expect(continuedConfig(path, { seed: 6, batch: 32, steps: 9 })).rejects.toMatchObject({
      code: 'identity_changed',
      what: expect.stringMatching(
        /another batch, seed: batch was 64 and is asked to be 32; seed was 5 and is asked to be 6/,
      ) as string,
    });
  });

  it('takes the identity for the same when it is repeated', async () => {
    const path = await runBegunWith({ seed: 5 });
    await expect(continuedConfig(path, { seed: 5, batch: 64, preset: 'dcgan' })).resolves.toBeDefined();
  });

  it('takes the engine that auto came to for no change, and any other for one', async () => {
    const path = await runBegunWith({}, { engine: 'onnx' });
    expect((await continuedConfig(path, { engine: 'onnx' })).engine).toBe('auto');
    await expect(continuedConfig(path, { engine: 'cpu' })).rejects.toMatchObject({
      what: expect.stringContaining('engine was auto and is asked to be cpu') as string,
    });
  });

  it('reports options that are wrong as such', async () => {
    const path = await runBegunWith({});
    await expect(continuedConfig(path, { sed: 1 })).rejects.toMatchObject({ code: 'bad_config' });
  });
});
