import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { GanTrainError } from '@gan-train/service';
import { forEachBounded } from './bounded.js';
import type { DataSet, OpenDataSetOptions } from './data-set.js';
import { decodeImage } from './decode.js';
import { folderTodo, isNamedImage, listFolder, readImageFile } from './folder-files.js';
import { createItemReader, type ItemReader } from './items.js';
import {
  checkPinned,
  createManifest,
  dataChanged,
  hashPixels,
  type DataFile,
  type DataManifest,
  type ItemShape,
} from './manifest.js';

/** More than one broken image in ten is no accident: a run on the rest would not be what was asked for. */
const maxBrokenShare = 0.1;
const namedFiles = 3;

/**
 * A folder of images. The first time every image is decoded once: broken ones are skipped and listed in the manifest. With
 * a pinned manifest the files' hashes are compared with it, and images are decoded when they are asked for.
 */
export async function openFolder(
  source: string,
  shape: ItemShape,
  options: OpenDataSetOptions,
): Promise<DataSet> {
  const { pinned, cacheBytes } = options;
  if (pinned) checkPinned(pinned, { source, kind: 'folder', shape });
  const names = await listFolder(source);
  const itemBytes = shape.size * shape.size * shape.channels;
  const fresh = pinned ? undefined : await decodeAll(source, names, shape, options);
  if (pinned) await comparePinned(source, names, pinned, options);
  const manifest = pinned ?? manifestFrom(source, names.length, shape, fresh ?? []);
  const reader = createItemReader({
    count: manifest.count,
    itemBytes,
    cacheBytes,
    decode: (index) => decodeAgain(source, manifest.files[index], shape),
  });
  keepDecoded(fresh ?? [], reader.offer);
  return { manifest, count: manifest.count, itemBytes, readItems: reader.readItems, close: reader.close };
}

/** What the first look at a file gave: an item, with its pixels while there is room for them, or why it is none. */
type Examined = { file: DataFile; pixels: Uint8Array | undefined } | { name: string; reason: string };

/** In the order of the names; files that are no images and aren't called like one are left out. */
async function decodeAll(
  source: string,
  names: readonly string[],
  shape: ItemShape,
  { cacheBytes, onProgress, signal }: OpenDataSetOptions,
): Promise<Examined[]> {
  const examined: (Examined | undefined)[] = names.map(() => undefined);
  let roomBytes = cacheBytes;
  let done = 0;
  await forEachBounded(
    names.length,
    async (index) => {
      const found = await examine(source, names[index] ?? '', shape);
      if (found && 'file' in found) {
        roomBytes -= found.pixels?.length ?? 0;
        if (roomBytes < 0) found.pixels = undefined;
      }
      examined[index] = found;
      onProgress?.({ done: ++done, total: names.length });
    },
    signal,
  );
  return examined.filter((found) => found !== undefined);
}

async function examine(source: string, name: string, shape: ItemShape): Promise<Examined | undefined> {
  try {
    const bytes = await readImageFile(join(source, name));
    if (!bytes) return isNamedImage(name) ? { name, reason: 'not a PNG, JPEG or WebP image' } : undefined;
    const pixels = await decodeImage(bytes, shape);
    const file = { name, sizeBytes: bytes.length, sha256: hashFile(bytes), pixels: hashPixels(pixels) };
    return { file, pixels };
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return { name, reason: reason.split('\n')[0] ?? reason };
  }
}

function manifestFrom(
  source: string,
  listed: number,
  shape: ItemShape,
  examined: readonly Examined[],
): DataManifest {
  const files = examined.flatMap((found) => ('file' in found ? [found.file] : []));
  const skipped = examined.flatMap((found) => ('file' in found ? [] : [found]));
  if (examined.length === 0) {
    const others = listed === 0 ? 'it holds no files but hidden ones' : `none of its ${listed} files is one`;
    throw new GanTrainError('bad_data', `no PNG, JPEG or WebP image under ${source}: ${others}`, folderTodo);
  }
  if (skipped.length > maxBrokenShare * examined.length) {
    const first = skipped.slice(0, namedFiles).map(({ name, reason }) => `${name} (${reason})`);
    throw new GanTrainError(
      'bad_data',
      `${skipped.length} of ${examined.length} images under ${source} can't be read: ${first.join(', ')}`,
      'mend or remove them; up to one in ten is skipped',
    );
  }
  return createManifest({ source, kind: 'folder', shape, count: files.length, files, skipped });
}

/** Throws `identity_changed` if an item is missing or has other bytes, or if there is a new image. */
async function comparePinned(
  source: string,
  names: readonly string[],
  pinned: DataManifest,
  { onProgress, signal }: OpenDataSetOptions,
): Promise<void> {
  const present = new Set(names);
  const known = new Set([...pinned.files, ...pinned.skipped].map(({ name }) => name));
  const differences = pinned.files
    .filter(({ name }) => !present.has(name))
    .map(({ name }) => `${name} is missing`);
  const files = pinned.files.filter(({ name }) => present.has(name));
  const others = names.filter((name) => !known.has(name));
  let done = 0;
  await forEachBounded(
    files.length + others.length,
    async (index) => {
      const file = files[index];
      const difference = file
        ? await differenceOf(source, file)
        : await newImage(source, others[index - files.length] ?? '');
      if (difference !== undefined) differences.push(difference);
      onProgress?.({ done: ++done, total: files.length + others.length });
    },
    signal,
  );
  if (differences.length > 0) throw dataChanged(source, differences.sort());
}

async function differenceOf(source: string, file: DataFile): Promise<string | undefined> {
  try {
    const bytes = await readImageFile(join(source, file.name));
    return bytes && hashFile(bytes) === file.sha256 ? undefined : `${file.name} was changed`;
  } catch (thrown) {
    return `${file.name} can't be read (${(thrown as Error).message})`;
  }
}

async function newImage(source: string, name: string): Promise<string | undefined> {
  const isImage = await readImageFile(join(source, name)).catch(() => undefined);
  return isImage ? `${name} is new` : undefined;
}

/** An item that isn't kept, with proof that it is still the one in the manifest. */
async function decodeAgain(
  source: string,
  file: DataFile | undefined,
  shape: ItemShape,
): Promise<Uint8Array> {
  if (!file) throw new GanTrainError('internal', 'an item without a file');
  const path = join(source, file.name);
  let bytes: Uint8Array | undefined;
  try {
    bytes = await readImageFile(path);
  } catch (thrown) {
    const gone = (thrown as NodeJS.ErrnoException).code === 'ENOENT';
    const what = gone
      ? `${path} vanished while the run uses it`
      : `${path} can't be read: ${(thrown as Error).message}`;
    throw new GanTrainError('bad_data', what, 'put it back as it was and resume the run', thrown);
  }
  if (!bytes || hashFile(bytes) !== file.sha256) throw dataChanged(source, [`${file.name} was changed`]);
  const pixels = await decodeImage(bytes, shape);
  if (hashPixels(pixels) !== file.pixels) {
    throw new GanTrainError(
      'identity_changed',
      `${path} decodes to other pixels than when the run began`,
      'resume with the version of gan-train, and on the kind of machine, that it began with',
    );
  }
  return pixels;
}

function keepDecoded(examined: readonly Examined[], offer: ItemReader['offer']): void {
  let index = 0;
  for (const found of examined) {
    if (!('file' in found)) continue;
    if (found.pixels) offer(index, found.pixels);
    index += 1;
  }
}

function hashFile(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
