import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeDirectory } from './engine-directory.js';

let root: string;
let place: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'gan-train-directory-'));
  place = join(root, 'engines/one');
});
afterEach(async () => rm(root, { recursive: true, force: true }));

const fillWith = (text: string) => async (made: string, scratch: string) => {
  await writeFile(join(scratch, 'on-the-way'), '');
  await writeFile(join(made, 'content'), text);
};

describe('making a directory', () => {
  it('shows it whole, takes the place of what was there, and leaves nothing beside it', async () => {
    await makeDirectory(place, 1, async (made, scratch) => {
      await fillWith('first')(made, scratch);
      expect(await readdir(join(root, 'engines'))).not.toContain('one');
    });
    await makeDirectory(place, 1, fillWith('second'));
    expect(await readFile(join(place, 'content'), 'utf8')).toBe('second');
    expect(await readdir(join(root, 'engines'))).toEqual(['one']);
  });

  it('leaves what was there when it fails', async () => {
    await mkdir(place, { recursive: true });
    const failing = makeDirectory(place, 1, async (made, scratch) => {
      await fillWith('half')(made, scratch);
      throw new Error('no network');
    });
    await expect(failing).rejects.toThrow('no network');
    expect(await readdir(join(root, 'engines'))).toEqual(['one']);
    expect(await readdir(place)).toEqual([]);
  });

  it('is not begun without room for it', async () => {
    const filled = makeDirectory(place, 1e18, () => expect.unreachable());
    await expect(filled).rejects.toMatchObject({
      code: 'not_writable',
      what: expect.stringMatching(/^[\d.]+ GB are free at .*, and 1000000000\.0 GB are needed/) as string,
    });
    expect(await readdir(join(root, 'engines'))).toEqual([]);
  });
});
