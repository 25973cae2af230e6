import { createHash } from 'node:crypto';
import { GanTrainError } from '@gan-train/service';

/** What a checkpoint says about the state in it. */
export interface CheckpointInfo {
  readonly runId: string;
  /** Hash of the run's identity: config keys, data set, resolved engine. */
  readonly identityHash: string;
  /** The last step whose phases are all in the state. */
  readonly step: number;
  /** The generation of the state's last commit. */
  readonly generation: { readonly term: number; readonly n: number };
  /** Whole numbers that belong to the state, such as `updates.generator` (Adam's t). */
  readonly counters: Readonly<Record<string, number>>;
}

export interface CheckpointFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** manifest.json, written last: a directory without a manifest that verifies is not a checkpoint. */
export interface Manifest extends CheckpointInfo {
  readonly format: 1;
  /** SHA-256 over the float32 little-endian bytes of all tensors, by tensor name. */
  readonly weightsHash: string;
  readonly files: readonly CheckpointFile[];
}

const sha256Hex = /^[0-9a-f]{64}$/;

/** The manifest as JSON, with a hash over all the rest: a flipped bit in a counter must not go unseen. */
export function encodeManifest(manifest: Manifest): string {
  return `${JSON.stringify({ ...manifest, manifestHash: hashOf(manifest) }, undefined, 2)}\n`;
}

/** The way back. Throws `bad_checkpoint` with `path` in it for anything else than what encodeManifest wrote. */
export function parseManifest(text: string, path: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw badManifest(path, 'it is not JSON (cut off?)', thrown);
  }
  if (!isRecord(value)) throw badManifest(path, 'it is not an object');
  const { manifestHash, ...manifest } = value;
  if (manifest.format !== 1) {
    throw badManifest(path, `format ${String(manifest.format)} is not known to this version`);
  }
  if (manifestHash !== hashOf(manifest)) throw badManifest(path, 'its own hash differs: it was changed');
  if (!isManifest(manifest)) throw badManifest(path, 'a field is missing or has the wrong type');
  return manifest;
}

/** Over the JSON without white space; both sides keep the keys in the order of the file. */
function hashOf(manifest: object): string {
  return createHash('sha256').update(JSON.stringify(manifest)).digest('hex');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

function isManifest(value: Record<string, unknown>): value is Record<string, unknown> & Manifest {
  const { generation, counters, files } = value;
  return (
    typeof value.runId === 'string' &&
    typeof value.identityHash === 'string' &&
    isCount(value.step) &&
    isRecord(generation) &&
    isCount(generation.term) &&
    isCount(generation.n) &&
    isRecord(counters) &&
    Object.values(counters).every((count) => typeof count === 'number') &&
    typeof value.weightsHash === 'string' &&
    sha256Hex.test(value.weightsHash) &&
    Array.isArray(files) &&
    files.every(isFile)
  );
}

/** A name with a slash could lead out of the directory. */
function isFile(value: unknown): boolean {
  return (
    isRecord(value) &&
    typeof value.name === 'string' &&
    /^[\w-][\w.-]*$/.test(value.name) &&
    isCount(value.sizeBytes) &&
    typeof value.sha256 === 'string' &&
    sha256Hex.test(value.sha256)
  );
}

function badManifest(path: string, reason: string, cause?: unknown): GanTrainError {
  return new GanTrainError('bad_checkpoint', `${path}: ${reason}`, 'take another checkpoint', cause);
}
