import { createHash, randomBytes } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { GanTrainError } from '@gan-train/service';
import { syncDirectory, writeErrorFrom, writeFileSynced } from './files.js';
import {
  cleanCheckpoints,
  forgetTemporary,
  makeTemporary,
  manifestFile,
  nameOfStep,
  publish,
  stateFile,
} from './layout.js';
import { encodeManifest, type CheckpointInfo, type Manifest } from './manifest.js';
import { encodeSafetensorsHeader, sizeOfShape, type TensorSpec } from './safetensors.js';

/** The moments at which a write can be cut off; the fault tests kill the process at each of them. */
export const checkpointPoints = ['opened', 'written', 'synced', 'manifest', 'renamed'] as const;
export type CheckpointPoint = (typeof checkpointPoints)[number];

export interface CheckpointWriterOptions {
  /** Called, and waited for, at each named moment. */
  readonly onPoint?: (point: CheckpointPoint) => Promise<void> | void;
}

export interface CheckpointWriter {
  /** Bytes of the data section that `write` must have been given before `commit`. */
  readonly expectedBytes: number;
  /**
   * The next piece of the data section: raw float32 little-endian of all tensors in the order of the sorted names, cut
   * anywhere. Pieces are taken in the order of the calls; wait for one before the next.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Of what was written so far. */
  weightsHash(): string;
  /** Writes the manifest and syncs everything; returns the hidden directory, for who wants to read it back. `commit` does it when it wasn't done. */
  seal(): Promise<string>;
  /** Makes the checkpoint visible, complete and on the disk. */
  commit(): Promise<{ dir: string; weightsHash: string; manifest: Manifest }>;
  /** Removes what was written; nothing happens after a commit or a second time. */
  abort(): Promise<void>;
}

/**
 * Opens a checkpoint of `info.step` under `parentDir` (made if needed, leftovers removed). It is written to a hidden
 * directory: each file synced, the manifest last, the directory synced, renamed, the parent synced. So what can be seen
 * is complete, whenever the process dies. A checkpoint of the same step is replaced.
 *
 * Any failure removes the hidden directory and throws `io` or `not_writable`; a wrong number of bytes is `internal`.
 */
export async function createCheckpointWriter(
  parentDir: string,
  info: CheckpointInfo,
  specs: readonly TensorSpec[],
  { onPoint = () => undefined }: CheckpointWriterOptions = {},
): Promise<CheckpointWriter> {
  const header = encodeSafetensorsHeader(specs, metadataFrom(info));
  const expectedBytes = specs.reduce((sum, { shape }) => sum + 4 * sizeOfShape(shape), 0);
  const name = nameOfStep(info.step);
  const fileHash = createHash('sha256').update(header);
  const weightsHash = createHash('sha256');
  let receivedBytes = 0;
  let file: FileHandle | undefined;
  let sealed: Manifest | undefined;
  let state: 'open' | 'committed' | 'aborted' = 'open';

  await cleanCheckpoints(parentDir);
  const temporary = await orWriteError(() => makeTemporary(parentDir, name, randomBytes(6).toString('hex')));

  const abort = async (): Promise<void> => {
    if (state !== 'open') return;
    state = 'aborted';
    await file?.close();
    await rm(temporary, { recursive: true, force: true });
    forgetTemporary(temporary);
  };
  /** Every effect goes through here, so that a failed one leaves nothing behind. */
  const effect = async <T>(act: () => Promise<T>): Promise<T> => {
    if (state !== 'open') throw new GanTrainError('internal', `checkpoint ${name} was ${state} before`);
    try {
      return await act();
    } catch (thrown) {
      await abort();
      throw writeErrorFrom(thrown, join(parentDir, name));
    }
  };

  await effect(async () => {
    file = await open(join(temporary, stateFile), 'wx');
    await file.writeFile(header);
    await onPoint('opened');
  });

  return {
    expectedBytes,
    write: (bytes) =>
      effect(async () => {
        receivedBytes += bytes.length;
        if (receivedBytes > expectedBytes) throw wrongSize(name, receivedBytes, expectedBytes);
        fileHash.update(bytes);
        weightsHash.update(bytes);
        await file?.writeFile(bytes);
      }),
    weightsHash: () => weightsHash.copy().digest('hex'),
    seal: () =>
      effect(async () => {
        await seal();
        return temporary;
      }),
    commit: () =>
      effect(async () => {
        const manifest = await seal();
        const dir = await publish(temporary, parentDir, name);
        state = 'committed';
        forgetTemporary(temporary);
        await onPoint('renamed');
        return { dir, weightsHash: manifest.weightsHash, manifest };
      }),
    abort,
  };

  async function seal(): Promise<Manifest> {
    if (sealed !== undefined) return sealed;
    if (receivedBytes !== expectedBytes) throw wrongSize(name, receivedBytes, expectedBytes);
    await onPoint('written');
    await file?.sync();
    await file?.close();
    await onPoint('synced');
    const manifest: Manifest = {
      format: 1,
      ...info,
      weightsHash: weightsHash.digest('hex'),
      files: [{ name: stateFile, sizeBytes: header.length + receivedBytes, sha256: fileHash.digest('hex') }],
    };
    await writeFileSynced(join(temporary, manifestFile), encodeManifest(manifest));
    await syncDirectory(temporary);
    await onPoint('manifest');
    sealed = manifest;
    return manifest;
  }

  async function orWriteError<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (thrown) {
      throw writeErrorFrom(thrown, parentDir);
    }
  }
}

/** So that the file alone, without its manifest, still says what it is. */
function metadataFrom({ runId, identityHash, step, generation }: CheckpointInfo): Record<string, string> {
  return {
    format: 'gan-train',
    runId,
    identityHash,
    step: String(step),
    generation: `${generation.term}.${generation.n}`,
  };
}

function wrongSize(name: string, receivedBytes: number, expectedBytes: number): GanTrainError {
  return new GanTrainError(
    'internal',
    `checkpoint ${name} was given ${receivedBytes} bytes where its tensors have ${expectedBytes}`,
  );
}
