import { GanTrainError } from '@gan-train/service';
import type { DataSet, OpenOptions } from './data-set.js';
import { openFolder } from './folder.js';
import type { ItemShape } from './manifest.js';
import { openMnist } from './mnist.js';

export const defaultCacheBytes = 512 << 20;

/**
 * Opens `mnist` (the 60,000 training images) or a folder of PNG, JPEG and WebP images, whose manifest is frozen by the
 * first opening and given back, as `pinned`, at every later one.
 *
 * Throws GanTrainError `bad_data` (no folder, no images, more than one in ten broken), `identity_changed` (not what is
 * pinned, with the first differences by name), `cancelled` by the signal.
 */
export async function openDataSet(
  source: string,
  shape: ItemShape,
  options: OpenOptions = {},
): Promise<DataSet> {
  const { size, channels } = shape;
  if (!Number.isSafeInteger(size) || size < 1 || (channels !== 1 && channels !== 3)) {
    throw new GanTrainError(
      'bad_config',
      `items of ${size} px with ${channels} channels can't be made`,
      'give a whole number of pixels, and 1 (grey) or 3 (RGB) channels',
    );
  }
  const complete = { ...options, cacheBytes: options.cacheBytes ?? defaultCacheBytes };
  return source === 'mnist' ? openMnist(shape, complete) : openFolder(source, shape, complete);
}
