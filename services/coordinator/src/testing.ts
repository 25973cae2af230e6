import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  createCheckpointWriter,
  sortSpecs,
  type CheckpointInfo,
  type NamedTensor,
} from '@gan-train/checkpoint';
import { layoutsFromOptions } from '@gan-train/gan/layout';
import { modelFromConfig, resolveConfig, type Logger, type RunConfig } from '@gan-train/service';

/** The smallest model there is. */
export const tinyConfig: RunConfig = resolveConfig({ size: 8, width: 1, latentDim: 3, data: 'mnist' });

/** A new folder that goes when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'gan-train-coordinator-'));
  onTestFinished(async () => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** A logger that keeps what it is told. */
export function keepingLog(): { log: Logger; said: { level: string; message: string }[] } {
  const said: { level: string; message: string }[] = [];
  const at =
    (level: string) =>
    (_fields: object, message: string): void =>
      void said.push({ level, message });
  const log = { info: at('info'), warn: at('warn'), error: at('error') };
  return { log: log as unknown as Logger, said };
}

/** Every weight of the model by its name in a checkpoint, all different numbers. */
export function weightsOf(config: RunConfig): NamedTensor[] {
  const { layouts } = layoutsFromOptions(modelFromConfig(config));
  let next = 0;
  const tensors = (['generator', 'discriminator'] as const).flatMap((network) =>
    [...layouts[network].trainable, ...layouts[network].running].map(({ name, shape, length }) => ({
      name: `${network}/${name}`,
      shape,
      data: Float32Array.from({ length }, () => next++ / 7),
    })),
  );
  return sortSpecs(tensors);
}

export async function writeCheckpoint(
  checkpoints: string,
  step: number,
  change: Partial<CheckpointInfo> = {},
): Promise<{ dir: string; weightsHash: string }> {
  const tensor = { name: 'generator/dense/kernel', shape: [3], data: Float32Array.of(step, 2, 3) };
  const info: CheckpointInfo = {
    runId: 'run-1',
    identityHash: 'identity-1',
    step,
    generation: { term: 1, n: 1 },
    counters: { phase: 1 },
    ...change,
  };
  const writer = await createCheckpointWriter(checkpoints, info, [tensor]);
  await writer.write(new Uint8Array(tensor.data.buffer));
  return writer.commit();
}
