import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashFile, writeErrorFrom, writeFileAtomic } from './files.js';
import { sha256Of, temporaryFolder } from './testing.js';

describe('writeFileAtomic', () => {
  it('replaces a file and leaves nothing beside it', async () => {
    const dir = await temporaryFolder();
    await writeFileAtomic(join(dir, 'a'), 'old');
    await writeFileAtomic(join(dir, 'a'), Uint8Array.of(1, 2));
    expect([...(await readFile(join(dir, 'a')))]).toEqual([1, 2]);
    expect(await readdir(dir)).toEqual(['a']);
  });

  it('leaves the old content and no other file if it fails', async () => {
    const dir = await temporaryFolder();
    await mkdir(join(dir, 'a'));
    await writeFile(join(dir, 'a', 'b'), 'old');
    await expect(writeFileAtomic(join(dir, 'a'), 'new')).rejects.toMatchObject({ code: 'io' });
    expect(await readdir(dir)).toEqual(['a']);
  });
});

describe('hashFile', () => {
  it('is the SHA-256 of the content, of any length', async () => {
    const path = join(await temporaryFolder(), 'a');
    for (const length of [0, 1, (1 << 20) + 1]) {
      const bytes = new Uint8Array(length).fill(7);
      await writeFile(path, bytes);
      expect(await hashFile(path)).toBe(sha256Of(bytes));
    }
  });
});

describe('writeErrorFrom', () => {
  it.each([
    ['ENOSPC', 'io', 'free some space on that disk'],
    ['EROFS', 'not_writable', 'make the directory writable or choose another'],
    ['EACCES', 'not_writable', 'make the directory writable or choose another'],
    ['EIO', 'io', 'check the disk'],
  ])('makes %s a failure of kind %s that says what to do', (systemCode, code, todo) => {
    const error = writeErrorFrom(Object.assign(new Error(systemCode), { code: systemCode }), '/a/b');
    expect(error).toMatchObject({ code, todo, what: `can't write /a/b: ${systemCode}` });
  });
});
