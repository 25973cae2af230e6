import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseDataManifest, openDataSet } from './index.js';
import { mnistItem, parseIdxImages } from './mnist.js';
import { indicesOf } from './testing.js';

describe('the MNIST data set', () => {
  it('is the 60,000 training images, as they are at 28 px', async () => {
    const data = await openDataSet('mnist', { size: 28, channels: 1 });
    expect([data.count, data.itemBytes]).toEqual([60_000, 784]);
    expect(data.manifest).toMatchObject({ kind: 'mnist', count: 60_000, skipped: [] });
    // SHA-256 of train-images-idx3-ubyte, unpacked from the original train-images-idx3-ubyte.gz.
    expect(data.manifest.files[0]?.sha256).toBe(
      'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
    );
    const items = await data.readItems(indicesOf(59_999, 0));
    // The first image is the well-known 5, the last an 8: mean values as in any copy of MNIST.
    const sums = [items.subarray(0, 784), items.subarray(784)].map((item) => item.reduce((a, b) => a + b, 0));
    expect(sums).toEqual([20_920, 27_525]);
    data.close();
    await expect(data.readItems(indicesOf(0))).rejects.toThrow('closed');
  });

  it('has a black border at 32 px and the grey three times in RGB', async () => {
    const [plain, padded] = await Promise.all([
      openDataSet('mnist', { size: 28, channels: 1 }),
      openDataSet('mnist', { size: 32, channels: 3 }),
    ]);
    const item = await plain.readItems(indicesOf(4));
    const wide = await padded.readItems(indicesOf(4));
    for (let y = 0; y < 32; y++) {
      for (let x = 0; x < 32; x++) {
        const inside = x >= 2 && x < 30 && y >= 2 && y < 30;
        const value = inside ? (item[(y - 2) * 28 + x - 2] ?? NaN) : 0;
        const start = (y * 32 + x) * 3;
        expect([...wide.subarray(start, start + 3)]).toEqual([value, value, value]);
      }
    }
  });

  it('is resized at other sizes, from memory the second time', async () => {
    const data = await openDataSet('mnist', { size: 16, channels: 1 }, { cacheBytes: 100 * 256 });
    const once = await data.readItems(indicesOf(70, 3, 70));
    expect(once.length).toBe(3 * 256);
    expect(once.subarray(0, 256)).toEqual(once.subarray(512));
    expect(await data.readItems(indicesOf(70, 3, 70))).toEqual(once);
  });

  it('must be the same when a run goes on', async () => {
    const shape = { size: 28, channels: 1 };
    const { manifest } = await openDataSet('mnist', shape);
    const stored = parseDataManifest(JSON.stringify(manifest), 'data-manifest.json');
    expect((await openDataSet('mnist', shape, { pinned: stored })).manifest).toEqual(manifest);
    const other = openDataSet('mnist', { size: 32, channels: 1 }, { pinned: stored });
    await expect(other).rejects.toMatchObject({ code: 'identity_changed' });
    await expect(other).rejects.toThrow('its items were 28 px x 1, now they are 32 px x 1');
  });
});

describe('parseIdxImages', () => {
  const header = (...words: number[]): Uint8Array =>
    new Uint8Array(
      Buffer.concat(
        words.map((word) => {
          const bytes = Buffer.alloc(4);
          bytes.writeUInt32BE(word);
          return bytes;
        }),
      ),
    );

  it.each([
    ['an empty file', new Uint8Array(0), 'not an IDX file'],
    ['labels', header(0x801, 1, 28, 28), 'not an IDX file'],
    ['another size', header(0x803, 1, 32, 32), 'not an IDX file'],
    ['a cut file', header(0x803, 1, 28, 28), 'has 0 bytes of pixels where 1 images need 784'],
  ])('refuses %s', (_, file, reason) => {
    expect(() => parseIdxImages(file, 'images')).toThrow(reason);
  });
});

describe('mnistItem', () => {
  it('does not share memory with the file', async () => {
    const pixels = new Uint8Array(784).fill(3);
    const item = await mnistItem(pixels, { size: 28, channels: 1 });
    expect(createHash('sha256').update(item).digest('hex')).toBe(
      createHash('sha256').update(pixels).digest('hex'),
    );
    item.fill(0);
    expect(pixels[0]).toBe(3);
  });
});
