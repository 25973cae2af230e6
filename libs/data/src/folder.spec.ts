import { rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GanTrainError } from '@gan-train/service';
import { describe, expect, it } from 'vitest';
import { openDataSet, parseDataManifest, type DataManifest, type OpenOptions } from './index.js';
import { folderOf, greyPng, indicesOf } from './testing.js';

const shape = { size: 4, channels: 1 };
const open = (folder: string, options: OpenOptions = {}): ReturnType<typeof openDataSet> =>
  openDataSet(folder, shape, options);
/** As a run directory gives it back. */
const stored = (manifest: DataManifest): DataManifest =>
  parseDataManifest(JSON.stringify(manifest), 'data-manifest.json');

/** `count` grey images of different values: 00.png, 01.png ... */
async function greyImages(count: number): Promise<Record<string, Uint8Array>> {
  const images: Record<string, Uint8Array> = {};
  for (let index = 0; index < count; index++) {
    images[`${String(index).padStart(2, '0')}.png`] = await greyPng(index);
  }
  return images;
}

async function failureOf(promise: Promise<unknown>): Promise<GanTrainError> {
  const thrown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(thrown instanceof GanTrainError)) throw new Error(`expected a GanTrainError, got ${String(thrown)}`);
  return thrown;
}

describe('a folder of images', () => {
  it('has its items in code-point order of their names, from all levels, by content', async () => {
    const folder = await folderOf({
      'b.png': await greyPng(1),
      'a/z.JPG': await greyPng(2),
      'a/é.png': await greyPng(3),
      'a-b.png': await greyPng(4),
      'Z/deep/er/x.data': await greyPng(5),
      '.hidden.png': await greyPng(6),
      '.git/x.png': await greyPng(7),
      'README.txt': 'not an image',
    });
    const { manifest, ...data } = await open(folder);
    expect(manifest.files.map(({ name }) => name)).toEqual([
      'Z/deep/er/x.data',
      'a-b.png',
      'a/z.JPG',
      'a/é.png',
      'b.png',
    ]);
    expect(manifest).toMatchObject({
      format: 1,
      kind: 'folder',
      source: folder,
      shape,
      count: 5,
      skipped: [],
    });
    const items = await data.readItems(indicesOf(4, 0, 1, 2, 3, 0));
    expect([0, 1, 2, 3, 4, 5].map((at) => items[at * 16])).toEqual([1, 5, 4, 2, 3, 5]);
    expect(items.length).toBe(6 * 16);
  });

  it('sorts characters beyond U+FFFF after all others', async () => {
    const image = await greyPng(0);
    const folder = await folderOf({ '\u{1F600}.png': image, '\uFF5E.png': image });
    expect((await open(folder)).manifest.files.map(({ name }) => name)).toEqual([
      '\uFF5E.png',
      '\u{1F600}.png',
    ]);
  });

  it('follows links, but never around in a circle', async () => {
    const folder = await folderOf({ 'a/1.png': await greyPng(1) });
    const elsewhere = await folderOf({ '2.png': await greyPng(2) });
    await symlink(folder, join(folder, 'a', 'up'));
    await symlink(elsewhere, join(folder, 'b'));
    await symlink(join(elsewhere, '2.png'), join(folder, 'c.png'));
    const { manifest } = await open(folder);
    expect(manifest.files.map(({ name }) => name)).toEqual(['a/1.png', 'b/2.png', 'c.png']);
  });

  it('reads the same bytes with and without a cache, in any order', async () => {
    const folder = await folderOf(await greyImages(20));
    const all = Uint32Array.from({ length: 20 }, (_, index) => 19 - index);
    const whole = await (await open(folder)).readItems(all);
    for (const cacheBytes of [0, 16, 7 * 16 + 3]) {
      const data = await open(folder, { cacheBytes });
      const parts = await Promise.all([
        data.readItems(all.subarray(0, 11)),
        data.readItems(all.subarray(11)),
      ]);
      expect(Buffer.concat(parts)).toEqual(Buffer.from(whole));
    }
  });

  it.each(['decoded at the opening', 'decoded when read'])(
    'keeps no more than the cache may hold, %s',
    async (when) => {
      const images = await greyImages(5);
      const folder = await folderOf(images);
      const options = { cacheBytes: 3 * 16 };
      const first = await open(folder, options);
      const lazy = when === 'decoded when read';
      const data = lazy ? await open(folder, { ...options, pinned: first.manifest }) : first;
      if (lazy) await data.readItems(indicesOf(0, 1, 2, 3, 4));
      for (const name of Object.keys(images)) await rm(join(folder, name));
      const reads = await Promise.allSettled(
        [0, 1, 2, 3, 4].map((index) => data.readItems(indicesOf(index))),
      );
      expect(reads.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    },
  );

  it('skips broken images, up to one in ten, and says why', async () => {
    const folder = await folderOf({
      ...(await greyImages(18)),
      'cut.png': (await greyPng(1, 50)).subarray(0, 60),
      'page.jpg': '<html>not found</html>',
    });
    const { manifest, count } = await open(folder);
    expect(count).toBe(18);
    expect(manifest.skipped).toEqual([
      { name: 'cut.png', reason: expect.stringMatching(/./) as string },
      { name: 'page.jpg', reason: 'not a PNG, JPEG or WebP image' },
    ]);
  });

  it('refuses a folder with more broken images, naming the first', async () => {
    const folder = await folderOf({
      ...(await greyImages(2)),
      'a.png': '',
      'b.webp': 'x',
      'c.jpeg': 'y',
      'd.jpg': 'z',
    });
    const failure = await failureOf(open(folder));
    expect(failure).toMatchObject({
      code: 'bad_data',
      todo: expect.stringContaining('one in ten') as string,
    });
    expect(failure.what).toContain('4 of 6 images');
    expect(failure.what).toContain('a.png (not a PNG, JPEG or WebP image), b.webp');
    expect(failure.what).not.toContain('d.jpg');
  });

  it.each([
    ['is empty', {}, 'it holds no files but hidden ones'],
    ['holds only hidden files', { '.a.png': 'x' }, 'it holds no files but hidden ones'],
    ['holds other files', { 'a.txt': 'x', 'b.csv': 'y' }, 'none of its 2 files is one'],
  ])('refuses a folder that %s', async (_, files: Record<string, string>, reason) => {
    const failure = await failureOf(open(await folderOf(files)));
    expect(failure).toMatchObject({
      code: 'bad_data',
      todo: expect.stringContaining('--data mnist') as string,
    });
    expect(failure.what).toContain('no PNG, JPEG or WebP image under');
    expect(failure.what).toContain(reason);
  });

  it('refuses a folder that is not there, and a file', async () => {
    const folder = await folderOf({ 'a.png': await greyPng(1) });
    expect(await failureOf(open(join(folder, 'none')))).toMatchObject({
      code: 'bad_data',
      what: `there is no folder ${join(folder, 'none')}`,
    });
    expect(await failureOf(open(join(folder, 'a.png')))).toMatchObject({
      code: 'bad_data',
      what: `${join(folder, 'a.png')} is a file, not a folder`,
    });
  });

  it('refuses shapes that no model has', async () => {
    expect(await failureOf(openDataSet('x', { size: 0, channels: 1 }))).toMatchObject({ code: 'bad_config' });
    expect(await failureOf(openDataSet('x', { size: 8, channels: 4 }))).toMatchObject({ code: 'bad_config' });
  });

  it('tells how far it is, and stops when asked to', async () => {
    const folder = await folderOf(await greyImages(12));
    const progress: number[] = [];
    await open(folder, { onProgress: ({ done, total }) => progress.push(done / total) });
    expect(progress).toHaveLength(12);
    expect(progress.at(-1)).toBe(1);

    const controller = new AbortController();
    let seen = 0;
    const stopped = open(folder, {
      signal: controller.signal,
      onProgress: () => {
        seen += 1;
        controller.abort();
      },
    });
    expect(await failureOf(stopped)).toMatchObject({ code: 'cancelled' });
    expect(seen).toBeLessThan(12);
  });

  it('refuses an item that is not there', async () => {
    const data = await open(await folderOf(await greyImages(2)));
    expect((await failureOf(data.readItems(indicesOf(0, 2)))).message).toContain('no item 2; there are 2');
  });
});

describe('a pinned folder', () => {
  it('goes on with the same items, wherever it lies and whatever became of skipped files', async () => {
    const files = await greyImages(20);
    const { manifest } = await open(await folderOf({ ...files, 'broken.png': 'x' }));
    const moved = await folderOf({ ...files, 'notes.txt': 'new, but no image' });
    const data = await open(moved, { pinned: stored(manifest) });
    expect(data.manifest).toEqual(manifest);
    expect((await open(moved)).manifest.hash).toBe(manifest.hash);
    expect((await data.readItems(indicesOf(19)))[0]).toBe(19);
  });

  it('names files that are missing, changed or new', async () => {
    const folder = await folderOf(await greyImages(5));
    const { manifest } = await open(folder);
    await rm(join(folder, '01.png'));
    await writeFile(join(folder, '02.png'), await greyPng(99));
    await writeFile(join(folder, '03.png'), 'no image any more');
    await writeFile(join(folder, '09.png'), await greyPng(9));
    const failure = await failureOf(open(folder, { pinned: stored(manifest) }));
    expect(failure.code).toBe('identity_changed');
    expect(failure.what).toContain('01.png is missing, 02.png was changed, 03.png was changed and 1 more');
  });

  it('names a file that is new, also one that was only renamed', async () => {
    const folder = await folderOf(await greyImages(3));
    const { manifest } = await open(folder);
    await rename(join(folder, '00.png'), join(folder, '08.png'));
    const failure = await failureOf(open(folder, { pinned: stored(manifest) }));
    expect(failure.what).toContain('00.png is missing, 08.png is new');
  });

  it('refuses another shape or kind before it looks at the files', async () => {
    const { manifest } = await open(await folderOf(await greyImages(1)));
    const pinned = stored(manifest);
    const larger = await failureOf(openDataSet('/nowhere', { size: 8, channels: 3 }, { pinned }));
    expect(larger.what).toContain('its items were 4 px x 1, now they are 8 px x 3');
    expect((await failureOf(openDataSet('mnist', shape, { pinned }))).what).toContain(
      'it was folder, now it is mnist',
    );
  });

  it('fails by name when a file vanishes or changes while the run uses it', async () => {
    const folder = await folderOf(await greyImages(3));
    const data = await open(folder, { cacheBytes: 0 });
    await rm(join(folder, '00.png'));
    await writeFile(join(folder, '01.png'), await greyPng(50));
    const vanished = await failureOf(data.readItems(indicesOf(2, 0)));
    expect(vanished).toMatchObject({
      code: 'bad_data',
      what: `${join(folder, '00.png')} vanished while the run uses it`,
    });
    const changed = await failureOf(data.readItems(indicesOf(1)));
    expect(changed.code).toBe('identity_changed');
    expect(changed.what).toContain('01.png was changed');
    expect((await data.readItems(indicesOf(2)))[0]).toBe(2);
  });

  it('fails when a decoder gives other pixels than at the beginning', async () => {
    const folder = await folderOf(await greyImages(1));
    const { manifest } = await open(folder);
    const files = manifest.files.map((file) => ({ ...file, pixels: '0123456789abcdef' }));
    const data = await open(folder, { pinned: { ...manifest, files } });
    expect((await failureOf(data.readItems(indicesOf(0)))).what).toContain('decodes to other pixels');
  });
});

describe('parseDataManifest', () => {
  it('refuses what was changed or cut', async () => {
    const { manifest } = await open(await folderOf(await greyImages(2)));
    const text = JSON.stringify(manifest);
    expect(parseDataManifest(text, 'm.json')).toEqual(manifest);
    for (const bad of [text.slice(0, -5), text.replace('01.png', '02.png'), '{}', 'null', '{"format":1}']) {
      expect(() => parseDataManifest(bad, 'm.json')).toThrow('m.json is not a whole data manifest');
    }
  });
});
