import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage, imageKindOf, resizeGrey } from './decode.js';
import { greyPng, imageOf } from './testing.js';

const grey = (size: number): { size: number; channels: number } => ({ size, channels: 1 });
const rgb = (size: number): { size: number; channels: number } => ({ size, channels: 3 });

describe('decodeImage', () => {
  it('leaves pixels of the right size as they are', async () => {
    const pixels = Uint8Array.from({ length: 5 * 5 * 3 }, (_, index) => (index * 37) % 256);
    const png = await sharp(pixels, { raw: { width: 5, height: 5, channels: 3 } })
      .png()
      .toBuffer();
    expect(await decodeImage(png, rgb(5))).toEqual(pixels);
  });

  it('crops what is wider or higher than a square around the middle', async () => {
    const wide = imageOf(12, 4, 1, (x) => [x * 10]).png();
    const columns = await decodeImage(await wide.toBuffer(), grey(4));
    expect([...columns.subarray(0, 4)]).toEqual([40, 50, 60, 70]);
    const high = imageOf(4, 12, 1, (_, y) => [y * 10]).png();
    const rows = await decodeImage(await high.toBuffer(), grey(4));
    expect([0, 4, 8, 12].map((at) => rows[at])).toEqual([40, 50, 60, 70]);
  });

  it('puts what is transparent on white', async () => {
    const png = imageOf(2, 2, 4, (x) => (x === 0 ? [10, 20, 30, 0] : [10, 20, 30, 255])).png();
    expect([...(await decodeImage(await png.toBuffer(), rgb(2))).subarray(0, 6)]).toEqual([
      255, 255, 255, 10, 20, 30,
    ]);
  });

  it('turns a photo as its EXIF says', async () => {
    // Orientation 6: the stored left edge is the top.
    const jpeg = await imageOf(8, 8, 1, (x) => [x < 4 ? 0 : 255])
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 100 })
      .toBuffer();
    const pixels = await decodeImage(jpeg, grey(8));
    expect(pixels[3]).toBeLessThan(10);
    expect(pixels[7 * 8 + 3]).toBeGreaterThan(245);
  });

  it('makes grey of colour and colour of grey', async () => {
    const [value] = await decodeImage(
      await imageOf(2, 2, 3, () => [90, 90, 90])
        .png()
        .toBuffer(),
      grey(2),
    );
    expect(value).toBe(90);
    const green = await decodeImage(
      await imageOf(2, 2, 3, () => [0, 255, 0])
        .png()
        .toBuffer(),
      grey(2),
    );
    const blue = await decodeImage(
      await imageOf(2, 2, 3, () => [0, 0, 255])
        .png()
        .toBuffer(),
      grey(2),
    );
    expect(green[0]).toBeGreaterThan(blue[0] ?? 255);
    expect(await decodeImage(await greyPng(77, 2), rgb(2))).toEqual(new Uint8Array(12).fill(77));
  });

  it('reads 16 bits a channel, palettes, CMYK and WebP', async () => {
    const red = imageOf(8, 8, 3, () => [200, 8, 8]);
    const files = await Promise.all([
      red.clone().toColourspace('rgb16').png().toBuffer(),
      red.clone().png({ palette: true }).toBuffer(),
      red.clone().toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer(),
      red.clone().webp({ lossless: true }).toBuffer(),
    ]);
    for (const file of files) {
      const [r = 0, g = 0, b = 0] = await decodeImage(file, rgb(8));
      expect(Math.abs(r - 200)).toBeLessThan(15);
      expect(g).toBeLessThan(20);
      expect(b).toBeLessThan(20);
    }
  });

  it('gives the same bytes alone and among many', async () => {
    const noise = imageOf(200, 150, 3, (x, y) => [(x * y) % 256, (x * 31) % 256, (y * 17) % 256]);
    const jpeg = await noise.jpeg().toBuffer();
    const alone = await decodeImage(jpeg, rgb(32));
    for (const among of await Promise.all(Array.from({ length: 16 }, () => decodeImage(jpeg, rgb(32))))) {
      expect(among).toEqual(alone);
    }
    expect(sharp.concurrency()).toBe(1);
  });

  it('refuses files that are cut off', async () => {
    const noise = imageOf(64, 64, 3, (x, y) => [(x * y) % 256, (x * 31) % 256, (y * 17) % 256]);
    for (const file of [await noise.clone().jpeg().toBuffer(), await noise.clone().png().toBuffer()]) {
      await expect(decodeImage(file.subarray(0, file.length / 2), rgb(32))).rejects.toThrow();
    }
  });
});

describe('resizeGrey', () => {
  it('keeps a flat image flat, in any size and number of channels', async () => {
    expect(await resizeGrey(new Uint8Array(784).fill(9), 28, rgb(64))).toEqual(
      new Uint8Array(64 * 64 * 3).fill(9),
    );
    expect(await resizeGrey(new Uint8Array(784).fill(9), 28, grey(16))).toEqual(new Uint8Array(256).fill(9));
  });
});

describe('imageKindOf', () => {
  it('tells by the first bytes', async () => {
    const image = sharp(await greyPng(1));
    expect(imageKindOf(await image.clone().png().toBuffer())).toBe('png');
    expect(imageKindOf(await image.clone().jpeg().toBuffer())).toBe('jpeg');
    expect(imageKindOf(await image.clone().webp().toBuffer())).toBe('webp');
    expect(imageKindOf(await image.clone().gif().toBuffer())).toBeUndefined();
    expect(imageKindOf(new TextEncoder().encode('RIFF1234WAVEfmt'))).toBeUndefined();
    expect(imageKindOf(new Uint8Array(0))).toBeUndefined();
  });
});
