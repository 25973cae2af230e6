import { createHash } from 'node:crypto';
import { GanTrainError } from '@gan-train/service';

/** What the model is fed: square items of `size` pixels, 1 channel (grey) or 3 (RGB). */
export interface ItemShape {
  readonly size: number;
  readonly channels: number;
}

export interface DataFile {
  /** Relative to the folder, with forward slashes. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** Short hash of the decoded pixels: another version of a decoder must not change a run unseen. */
  readonly pixels: string;
}

/**
 * What a run is trained on, frozen when it starts. In a folder item i is `files[i]`; of MNIST there is one file with
 * `count` items in it (its `pixels` is that of the first ones).
 */
export interface DataManifest {
  readonly format: 1;
  /** As the user gave it; it may be another path on another machine. */
  readonly source: string;
  readonly kind: 'mnist' | 'folder';
  readonly shape: ItemShape;
  readonly count: number;
  readonly files: readonly DataFile[];
  /** Images that couldn't be decoded: they are no items, whatever becomes of them later. */
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
  /** SHA-256 over all that decides the items: not the source, nor what was skipped. */
  readonly hash: string;
}

export function createManifest(content: Omit<DataManifest, 'format' | 'hash'>): DataManifest {
  const { kind, shape, count, files } = content;
  const decisive = [1, kind, shape.size, shape.channels, count];
  const lines = files.map(({ name, sha256, pixels }) => [name, sha256, pixels]);
  const hash = createHash('sha256')
    .update(JSON.stringify([decisive, lines]))
    .digest('hex');
  const { source, skipped } = content;
  return { format: 1, source, kind, shape, count, files, skipped, hash };
}

/**
 * A stored manifest (the JSON of one) read back. Throws `bad_data`, with `path` in it, if it isn't one or was changed.
 */
export function parseManifest(text: string, path: string): DataManifest {
  try {
    const stored = JSON.parse(text) as DataManifest;
    if (stored.format === 1 && createManifest(stored).hash === stored.hash) return stored;
  } catch {
    // Not JSON, or not of that form: the same answer.
  }
  throw new GanTrainError(
    'bad_data',
    `${path} is not a whole data manifest`,
    'begin a new run with another --out',
  );
}

/** First 64 bits of a SHA-256: enough to notice a difference, short enough for a line each of many files. */
export function hashPixels(pixels: Uint8Array): string {
  return createHash('sha256').update(pixels).digest('hex').slice(0, 16);
}

/** By code point, the same in every locale and file system. */
export function compareNames(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

const namedDifferences = 3;

/** The refusal to go on with other data; names the first few differences. */
export function dataChanged(source: string, differences: readonly string[]): GanTrainError {
  const first = differences.slice(0, namedDifferences).join(', ');
  const more =
    differences.length > namedDifferences ? ` and ${differences.length - namedDifferences} more` : '';
  return new GanTrainError(
    'identity_changed',
    `the data set ${source} is not the one that this run began with: ${first}${more}`,
    'restore it as it was, or begin a new run with another --out',
  );
}

/** Refuses a pinned manifest of another kind or shape before any file is looked at. */
export function checkPinned(
  pinned: DataManifest,
  { source, kind, shape }: Pick<DataManifest, 'source' | 'kind' | 'shape'>,
): void {
  const differences: string[] = [];
  if (pinned.kind !== kind) differences.push(`it was ${pinned.kind}, now it is ${kind}`);
  if (pinned.shape.size !== shape.size || pinned.shape.channels !== shape.channels) {
    const [was, is] = [pinned.shape, shape].map(({ size, channels }) => `${size} px x ${channels}`);
    differences.push(`its items were ${was}, now they are ${is}`);
  }
  if (differences.length > 0) throw dataChanged(source, differences);
}
