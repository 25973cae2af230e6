import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { onTestFinished } from 'vitest';

/** A new folder with the given files, that goes when the test ends. */
export async function folderOf(files: Record<string, Uint8Array | string> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gan-train-data-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

/** A PNG of one grey value. */
export function greyPng(value: number, width = 4, height = width): Promise<Buffer> {
  return imageOf(width, height, 1, () => [value])
    .png()
    .toBuffer();
}

/** An image from a function of its pixels. */
export function imageOf(
  width: number,
  height: number,
  channels: 1 | 3 | 4,
  pixel: (x: number, y: number) => readonly number[],
): Sharp {
  const data = Array.from({ length: width * height }, (_, at) => pixel(at % width, Math.floor(at / width)));
  return sharp(Uint8Array.from(data.flat()), { raw: { width, height, channels } });
}

export const indicesOf = (...indices: number[]): Uint32Array => Uint32Array.from(indices);
