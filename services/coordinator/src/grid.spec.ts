import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { encodeGrid } from './grid.js';

async function decode(png: Buffer) {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  return {
    ...info,
    at: (x: number, y: number) =>
      [...data.subarray((y * info.width + x) * info.channels)].slice(0, info.channels),
  };
}

describe('encodeGrid', () => {
  it('lays pictures out row by row, each pixel where it belongs', async () => {
    const [images, size, channels] = [5, 64, 3];
    const pixels = Uint8Array.from(
      { length: images * size * size * channels },
      (_, i) => (i * 7 + (i >> 8)) & 255,
    );
    const picture = await decode(await encodeGrid({ images, size, channels, pixels }));
    // 3 columns, 2 rows, gaps of 2 around each.
    expect([picture.width, picture.height, picture.channels]).toEqual([3 * 66 + 2, 2 * 66 + 2, 3]);
    for (const [image, left, top] of [
      [0, 2, 2],
      [1, 68, 2],
      [2, 134, 2],
      [3, 2, 68],
      [4, 68, 68],
    ] as const) {
      for (const [x, y] of [
        [0, 0],
        [63, 0],
        [5, 9],
        [63, 63],
      ] as const) {
        const from = ((image * size + y) * size + x) * channels;
        expect(picture.at(left + x, top + y)).toEqual([...pixels.subarray(from, from + channels)]);
      }
    }
    expect(picture.at(0, 0)).toEqual([32, 32, 32]);
    expect(picture.at(150, 100)).toEqual([32, 32, 32]);
  });

  it('enlarges small grey pictures by a whole factor, without blur', async () => {
    const [size, enlarge] = [28, 2];
    const pixels = Uint8Array.from({ length: size * size }, (_, i) => (i % 2 === 0 ? 255 : 0));
    const picture = await decode(await encodeGrid({ images: 1, size, channels: 1, pixels }));
    expect([picture.width, picture.height]).toEqual([32 * enlarge, 32 * enlarge]);
    for (let x = 0; x < size * enlarge; x++) {
      const expected = pixels[Math.floor(x / enlarge)];
      expect(picture.at(2 * enlarge + x, 2 * enlarge)[0]).toBe(expected);
    }
  });
});
