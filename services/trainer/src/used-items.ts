import { createHash } from 'node:crypto';
import type { ShardRange } from '@gan-train/collective';
import type { Training } from './training.js';

/**
 * For whoever wants to see that every item is used exactly once: what a committed step was trained on, by its bytes, in the order
 * of the batch.
 */
export function logUsedItems(
  { log }: Training,
  step: number,
  shards: ShardRange,
  bytes: Uint8Array,
  items: number,
): void {
  if (items === 0 || !log.isLevelEnabled('debug')) return;
  const length = bytes.length / items;
  const hashes = Array.from({ length: items }, (_, i) =>
    createHash('sha256')
      .update(bytes.subarray(i * length, (i + 1) * length))
      .digest('hex'),
  );
  log.debug({ step, firstShard: shards.first, items: hashes }, 'items used');
}
