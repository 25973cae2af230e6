import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { GanTrainError } from '@gan-train/service';
import { hashFile } from './files.js';
import { listCheckpoints, manifestFile, removeCheckpoint, stateFile } from './layout.js';
import { parseManifest, type Manifest } from './manifest.js';
import { loadSafetensors, type NamedTensor } from './safetensors.js';

export interface FoundCheckpoint {
  readonly dir: string;
  readonly manifest: Manifest;
}

export interface NewestOptions {
  /** Only checkpoints of smaller steps. */
  readonly below?: number;
  /** Told of every checkpoint that was passed over, and why. */
  readonly onRejected?: (dir: string, reason: string) => void;
}

/** Reads a checkpoint back: the manifest's own hash, then size and SHA-256 of each file. Throws `bad_checkpoint`. */
export async function verifyCheckpoint(dir: string): Promise<Manifest> {
  const manifest = await readBack(join(dir, manifestFile), async (path) =>
    parseManifest(await readFile(path, 'utf8'), path),
  );
  if (!manifest.files.some(({ name }) => name === stateFile)) {
    throw badCheckpoint(`${join(dir, manifestFile)} doesn't list ${stateFile}`);
  }
  for (const { name, sizeBytes, sha256 } of manifest.files) {
    await readBack(join(dir, name), async (path) => {
      const { size } = await stat(path);
      if (size !== sizeBytes)
        throw badCheckpoint(`${path} has ${size} bytes where ${sizeBytes} were written`);
      if ((await hashFile(path)) !== sha256) throw badCheckpoint(`${path} was changed: its SHA-256 differs`);
    });
  }
  return manifest;
}

/** Verifies a checkpoint and reads its tensors. Throws `bad_checkpoint`. */
export async function loadCheckpoint(
  dir: string,
): Promise<{ manifest: Manifest; tensors: Map<string, NamedTensor> }> {
  const manifest = await verifyCheckpoint(dir);
  const { tensors } = await loadSafetensors(join(dir, stateFile));
  return { manifest, tensors };
}

/**
 * The newest checkpoint that verifies, by step; never by a pointer file. `undefined` if there is none, or no directory.
 * Changes nothing, so anybody may ask while a run is alive.
 */
export async function newestCheckpoint(
  checkpointsDir: string,
  { below = Infinity, onRejected }: NewestOptions = {},
): Promise<FoundCheckpoint | undefined> {
  for (const { step, dir } of await listCheckpoints(checkpointsDir)) {
    if (step >= below) continue;
    const found = await verifyStep(step, dir, onRejected);
    if (found) return found;
  }
  return undefined;
}

/**
 * Removes every checkpoint older than the newest `keep` that verify, each read back just now. With fewer than `keep`
 * good ones nothing goes. Returns the removed directories.
 */
export async function pruneCheckpoints(
  checkpointsDir: string,
  { keep, onRejected }: { readonly keep: number; readonly onRejected?: NewestOptions['onRejected'] },
): Promise<string[]> {
  const checkpoints = await listCheckpoints(checkpointsDir);
  if (checkpoints.length <= keep) return [];
  let verified = 0;
  const removed: string[] = [];
  for (const { step, dir } of checkpoints) {
    if (verified >= Math.max(1, keep)) {
      await removeCheckpoint(checkpointsDir, dir, basename(dir));
      removed.push(dir);
    } else if (await verifyStep(step, dir, onRejected)) {
      verified += 1;
    }
  }
  return removed;
}

async function verifyStep(
  step: number,
  dir: string,
  onRejected: NewestOptions['onRejected'],
): Promise<FoundCheckpoint | undefined> {
  try {
    const manifest = await verifyCheckpoint(dir);
    if (manifest.step === step) return { dir, manifest };
    onRejected?.(dir, `${dir} holds step ${manifest.step}: it was renamed or swapped`);
  } catch (thrown) {
    onRejected?.(dir, GanTrainError.from(thrown).what);
  }
  return undefined;
}

/** Whatever goes wrong while reading back (missing, unreadable, EIO) means that this is no good checkpoint. */
async function readBack<T>(path: string, read: (path: string) => Promise<T>): Promise<T> {
  try {
    return await read(path);
  } catch (thrown) {
    if (thrown instanceof GanTrainError) throw thrown;
    throw badCheckpoint(`${path} can't be read: ${(thrown as Error).message}`, thrown);
  }
}

function badCheckpoint(what: string, cause?: unknown): GanTrainError {
  return new GanTrainError('bad_checkpoint', what, 'take another checkpoint', cause);
}
