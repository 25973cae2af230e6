import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';

/** A folder of PNGs `00.png`, `01.png` ..., each of its own colour. Returns the folder. */
export async function writeImages(folder: string, count: number, size = 24): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (let i = 0; i < count; i++) {
    await writeFile(join(folder, `${String(i).padStart(2, '0')}.png`), await png(i, size));
  }
  return folder;
}

/** A PNG whose pixels depend on `seed`. */
export async function png(seed: number, size = 24): Promise<Buffer> {
  const pixels = Uint8Array.from({ length: size * size * 3 }, (_, at) => (at * (seed + 3) + 29 * seed) % 256);
  return sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toBuffer();
}
