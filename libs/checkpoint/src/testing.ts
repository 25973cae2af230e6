import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { CheckpointInfo } from './manifest.js';
import type { NamedTensor } from './safetensors.js';
import { createCheckpointWriter, type CheckpointWriterOptions } from './writer.js';

/** A new folder that goes when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'gan-train-checkpoint-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

export function tensorOf(name: string, shape: readonly number[], first = 0): NamedTensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return { name, shape, data: Float32Array.from({ length: size }, (_, index) => first + index / 3) };
}

/** Three tensors, one of odd size, not in the order of their names. */
export function exampleTensors(first = 0): NamedTensor[] {
  return [
    tensorOf('generator/dense/kernel', [3, 5], first),
    tensorOf('discriminator/conv2d/bias', [7], first + 0.5),
    tensorOf('generator/dense/kernel/m', [3, 5], first - 2),
  ];
}

export function infoOf(step: number): CheckpointInfo {
  return {
    runId: 'run-1',
    identityHash: 'identity-1',
    step,
    generation: { term: 2, n: 3 },
    counters: { 'updates.generator': step - 1, 'updates.discriminator': step },
  };
}

/** The data section as the format describes it, written with DataView instead of our views. */
export function dataSectionOf(tensors: readonly NamedTensor[]): Uint8Array {
  const values = [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1)).flatMap(({ data }) => [...data]);
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, index) => view.setFloat32(4 * index, value, true));
  return new Uint8Array(view.buffer);
}

export async function writeCheckpoint(
  parentDir: string,
  step: number,
  tensors: readonly NamedTensor[] = exampleTensors(step),
  options: CheckpointWriterOptions = {},
): Promise<{ dir: string; weightsHash: string }> {
  const writer = await createCheckpointWriter(parentDir, infoOf(step), tensors, options);
  await writer.write(dataSectionOf(tensors));
  return writer.commit();
}

export function sha256Of(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
