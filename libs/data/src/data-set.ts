import type { DataManifest } from './manifest.js';

export interface OpenOptions {
  /** On resume: the data set must be this one. */
  readonly pinned?: DataManifest;
  /** Decoded pixels to keep in memory; 512 MiB by default. Others are decoded again when they are read. */
  readonly cacheBytes?: number;
  /** Files done, of how many. */
  readonly onProgress?: (progress: { done: number; total: number }) => void;
  readonly signal?: AbortSignal;
}

export type OpenDataSetOptions = OpenOptions & { readonly cacheBytes: number };

export interface DataSet {
  readonly manifest: DataManifest;
  /** Number of items. */
  readonly count: number;
  /** size * size * channels */
  readonly itemBytes: number;
  /**
   * uint8 [indices.length, size, size, channels], in the order of the indices. Throws `bad_data` for a file that vanished,
   * `identity_changed` for one with other content than in the manifest.
   */
  readItems(indices: Uint32Array): Promise<Uint8Array>;
  close(): void;
}
