import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cleanCheckpoints } from './layout.js';
import { loadCheckpoint, newestCheckpoint, verifyCheckpoint } from './store.js';
import {
  dataSectionOf,
  exampleTensors,
  infoOf,
  sha256Of,
  temporaryFolder,
  writeCheckpoint,
} from './testing.js';
import { checkpointPoints, createCheckpointWriter } from './writer.js';

describe('createCheckpointWriter', () => {
  it('stores a directory that is named by the step and verifies', async () => {
    const parent = join(await temporaryFolder(), 'checkpoints');
    const { dir } = await writeCheckpoint(parent, 100);
    expect(dir).toBe(join(parent, '000100'));
    expect((await readdir(dir)).sort()).toEqual(['manifest.json', 'state.safetensors']);
    expect(await verifyCheckpoint(dir)).toMatchObject({ format: 1, ...infoOf(100) });
    const { tensors } = await loadCheckpoint(dir);
    for (const { name, data } of exampleTensors(100)) expect(tensors.get(name)?.data).toEqual(data);
  });

  it('hashes the data section alone, so only the weights count', async () => {
    const parent = await temporaryFolder();
    const { weightsHash } = await writeCheckpoint(parent, 7, exampleTensors());
    expect(weightsHash).toBe(sha256Of(dataSectionOf(exampleTensors())));
    expect((await writeCheckpoint(parent, 8, exampleTensors().reverse())).weightsHash).toBe(weightsHash);
  });

  it('takes the bytes cut anywhere', async () => {
    const parent = await temporaryFolder();
    const whole = await readFile(join((await writeCheckpoint(parent, 5)).dir, 'state.safetensors'));
    for (const size of [1, 3, 64]) {
      const writer = await createCheckpointWriter(parent, infoOf(5), exampleTensors());
      const bytes = dataSectionOf(exampleTensors(5));
      expect(writer.expectedBytes).toBe(bytes.length);
      for (let at = 0; at < bytes.length; at += size) await writer.write(bytes.subarray(at, at + size));
      const { dir } = await writer.commit();
      expect(await readFile(join(dir, 'state.safetensors'))).toEqual(whole);
    }
  });

  it.each([
    ['too few', -1],
    ['too many', 1],
  ])('refuses %s bytes and leaves nothing', async (_, by) => {
    const parent = await temporaryFolder();
    const writer = await createCheckpointWriter(parent, infoOf(1), exampleTensors());
    const write = async (): Promise<unknown> => {
      await writer.write(new Uint8Array(writer.expectedBytes + by));
      return writer.commit();
    };
    await expect(write()).rejects.toThrow('checkpoint 000001 was given');
    expect(await readdir(parent)).toEqual([]);
    await expect(writer.commit()).rejects.toThrow('was aborted before');
  });

  it('leaves nothing after an abort, and an abort after a commit changes nothing', async () => {
    const parent = await temporaryFolder();
    const writer = await createCheckpointWriter(parent, infoOf(1), exampleTensors());
    await writer.write(new Uint8Array(4));
    await writer.abort();
    await writer.abort();
    expect(await readdir(parent)).toEqual([]);

    const next = await createCheckpointWriter(parent, infoOf(2), exampleTensors());
    await next.write(dataSectionOf(exampleTensors()));
    const { dir } = await next.commit();
    await next.abort();
    await verifyCheckpoint(dir);
  });

  it('is complete or not there at whatever point the process dies', async () => {
    const parent = await temporaryFolder();
    const before = await writeCheckpoint(parent, 100, exampleTensors(1));
    const after = sha256Of(dataSectionOf(exampleTensors(2)));
    const images = await temporaryFolder();
    await writeCheckpoint(parent, 200, exampleTensors(2), {
      onPoint: (point) => cp(parent, join(images, point), { recursive: true }),
    });
    for (const point of checkpointPoints) {
      const rejected: string[] = [];
      const found = await newestCheckpoint(join(images, point), { onRejected: (dir) => rejected.push(dir) });
      expect(found?.manifest.weightsHash, point).toBe(point === 'renamed' ? after : before.weightsHash);
      expect(rejected, point).toEqual([]);
      await cleanCheckpoints(join(images, point));
      const left = point === 'renamed' ? ['000100', '000200'] : ['000100'];
      expect((await readdir(join(images, point))).sort(), point).toEqual(left);
    }
  });

  it('replaces a checkpoint of the same step', async () => {
    const parent = await temporaryFolder();
    await writeCheckpoint(parent, 100, exampleTensors(1));
    const { dir, weightsHash } = await writeCheckpoint(parent, 100, exampleTensors(2));
    expect((await verifyCheckpoint(dir)).weightsHash).toBe(weightsHash);
    expect(await readdir(parent)).toEqual(['000100']);
  });

  it('brings a replaced checkpoint back if its successor never came', async () => {
    const parent = await temporaryFolder();
    const { dir } = await writeCheckpoint(parent, 100);
    await cp(dir, join(parent, '.replaced-000100'), { recursive: true });
    await cp(dir, join(parent, '.replaced-000200'), { recursive: true });
    await cleanCheckpoints(parent);
    expect((await readdir(parent)).sort()).toEqual(['000100', '000200']);
  });

  it('removes what a dead process left, but not what another writer is at', async () => {
    const parent = await temporaryFolder();
    await mkdir(join(parent, '.tmp-000100-dead'));
    const first = await createCheckpointWriter(parent, infoOf(1), exampleTensors());
    const second = await createCheckpointWriter(parent, infoOf(2), exampleTensors());
    expect(await readdir(parent)).not.toContain('.tmp-000100-dead');
    for (const writer of [first, second]) {
      await writer.write(dataSectionOf(exampleTensors()));
      await verifyCheckpoint((await writer.commit()).dir);
    }
  });

  it('says what a full disk is, and leaves the checkpoint before it', async () => {
    const parent = await temporaryFolder();
    const { dir } = await writeCheckpoint(parent, 1);
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const failure = writeCheckpoint(parent, 2, exampleTensors(), {
      onPoint: (point) => (point === 'written' ? Promise.reject(full) : undefined),
    });
    await expect(failure).rejects.toMatchObject({ code: 'io', todo: 'free some space on that disk' });
    await expect(failure).rejects.toThrow(/can't write .*000002: ENOSPC/);
    expect(await readdir(parent)).toEqual(['000001']);
    await verifyCheckpoint(dir);
  });

  it('says which directory it cannot make', async () => {
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, '');
    await expect(writeCheckpoint(join(file, 'checkpoints'), 1)).rejects.toMatchObject({ code: 'io' });
  });
});
