import { open, type FileHandle } from 'node:fs/promises';
import { GanTrainError } from '@gan-train/service';

/**
 * The safetensors format (https://github.com/huggingface/safetensors#format), float32 only: 8 bytes little-endian
 * header length, a JSON header padded with spaces to a multiple of 8, then the tensors without gaps.
 * We always store them sorted by name, so the data section of equal states is equal byte for byte.
 */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A float32 tensor in row-major order. */
export interface NamedTensor extends TensorSpec {
  readonly data: Float32Array;
}

/** Where a tensor lies: byte offsets from the start of the data section. */
export interface TensorEntry extends TensorSpec {
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly metadata: Record<string, string>;
  /** In the order of their bytes. */
  readonly tensors: readonly TensorEntry[];
  /** Offset of the data section in the file. */
  readonly dataStart: number;
}

/** The format's own limit on the JSON header. */
export const maxHeaderBytes = 100_000_000;
const lengthBytes = 8;
const readChunkBytes = 64 << 20;

export function sizeOfShape(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/** The specs in the order of the file: by name, in code-unit order. Throws `internal` if a name occurs twice. */
export function sortSpecs<T extends TensorSpec>(specs: readonly T[]): T[] {
  const sorted = [...specs].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  sorted.forEach(({ name, shape }, index) => {
    if (sorted[index + 1]?.name === name)
      throw new GanTrainError('internal', `two tensors are called ${name}`);
    if (name === '__metadata__' || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
      throw new GanTrainError('internal', `tensor ${name} [${shape.join(', ')}] can't be stored`);
    }
  });
  return sorted;
}

/** Everything before the data section: length, JSON, padding. A multiple of 8 bytes long. */
export function encodeSafetensorsHeader(
  specs: readonly TensorSpec[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  let offset = 0;
  for (const { name, shape } of sortSpecs(specs)) {
    const end = offset + 4 * sizeOfShape(shape);
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const paddedBytes = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(lengthBytes + paddedBytes).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(paddedBytes), true);
  bytes.set(json, lengthBytes);
  return bytes;
}

/**
 * Checks the JSON part of a header against the size of the file: every tensor float32, its range as long as its shape,
 * the ranges without gap or overlap up to the end of the file. Throws `bad_checkpoint` with `path` in it.
 */
export function parseSafetensorsHeader(json: Uint8Array, fileBytes: number, path: string): SafetensorsHeader {
  const { __metadata__: metadata = {}, ...rest } = recordFrom(jsonFrom(json, path), 'the header', path);
  const tensors = Object.entries(rest)
    .map(([name, value]) => tensorEntryFrom(name, value, path))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  const dataStart = lengthBytes + json.length;
  let end = 0;
  for (const tensor of tensors) {
    if (tensor.begin < end) throw badFile(path, `tensor ${tensor.name} overlaps another`);
    if (tensor.begin > end) throw badFile(path, `there is a gap before tensor ${tensor.name}`);
    end = tensor.end;
  }
  if (dataStart + end !== fileBytes) {
    throw badFile(path, `it has ${fileBytes} bytes where its header asks for ${dataStart + end} (cut off?)`);
  }
  const texts = Object.entries(recordFrom(metadata, '__metadata__', path)).map(([key, value]) => {
    if (typeof value !== 'string') throw badFile(path, `metadata ${key} is not a text`);
    return [key, value] as const;
  });
  return { metadata: Object.fromEntries(texts), tensors, dataStart };
}

/**
 * Reads a whole safetensors file of float32 tensors, each into an array of its own.
 * Throws `bad_checkpoint`, with the file and what is wrong, for anything that is not one.
 */
export async function loadSafetensors(
  path: string,
): Promise<{ metadata: Record<string, string>; tensors: Map<string, NamedTensor> }> {
  const handle = await openForReading(path);
  try {
    const { size } = await handle.stat();
    const header = await readHeader(handle, size, path);
    const tensors = new Map<string, NamedTensor>();
    for (const { name, shape, begin, end } of header.tensors) {
      const data = new Float32Array((end - begin) / 4);
      const bytes = new Uint8Array(data.buffer);
      await readFully(handle, bytes, header.dataStart + begin, path);
      tensors.set(name, { name, shape, data });
    }
    return { metadata: header.metadata, tensors };
  } finally {
    await handle.close();
  }
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (thrown) {
    throw badFile(path, thrown instanceof Error ? thrown.message : String(thrown), thrown);
  }
}

async function readHeader(handle: FileHandle, fileBytes: number, path: string): Promise<SafetensorsHeader> {
  if (fileBytes < lengthBytes) throw badFile(path, `it has only ${fileBytes} bytes`);
  const length = new Uint8Array(lengthBytes);
  await readFully(handle, length, 0, path);
  const headerBytes = Number(new DataView(length.buffer).getBigUint64(0, true));
  if (headerBytes > maxHeaderBytes) {
    throw badFile(path, `its header claims ${headerBytes} bytes; the format allows ${maxHeaderBytes}`);
  }
  if (headerBytes > fileBytes - lengthBytes) {
    throw badFile(path, `its header claims ${headerBytes} bytes, but the file has ${fileBytes}`);
  }
  const json = new Uint8Array(headerBytes);
  await readFully(handle, json, lengthBytes, path);
  return parseSafetensorsHeader(json, fileBytes, path);
}

async function readFully(handle: FileHandle, target: Uint8Array, start: number, path: string): Promise<void> {
  for (let done = 0; done < target.length;) {
    const length = Math.min(target.length - done, readChunkBytes);
    const { bytesRead } = await handle.read(target, done, length, start + done);
    if (bytesRead === 0) throw badFile(path, 'it became shorter while it was read');
    done += bytesRead;
  }
}

function jsonFrom(bytes: Uint8Array, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (thrown) {
    throw badFile(path, 'its header is not JSON', thrown);
  }
}

function recordFrom(value: unknown, what: string, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badFile(path, `${what} is not an object`);
  }
  return value as Record<string, unknown>;
}

function sizesFrom(value: unknown, what: string, path: string): number[] {
  if (!Array.isArray(value) || !value.every((size) => Number.isSafeInteger(size) && (size as number) >= 0)) {
    throw badFile(path, `${what} is not a list of sizes`);
  }
  return value as number[];
}

function tensorEntryFrom(name: string, value: unknown, path: string): TensorEntry {
  const entry = recordFrom(value, `tensor ${name}`, path);
  if (entry.dtype !== 'F32') {
    throw badFile(path, `tensor ${name} is ${String(entry.dtype)}; only F32 is read`);
  }
  const shape = sizesFrom(entry.shape, `the shape of tensor ${name}`, path);
  const offsets = sizesFrom(entry.data_offsets, `data_offsets of tensor ${name}`, path);
  const [begin, end] = offsets;
  if (begin === undefined || end === undefined || offsets.length !== 2) {
    throw badFile(path, `data_offsets of tensor ${name} are not two numbers`);
  }
  if (end - begin !== 4 * sizeOfShape(shape)) {
    throw badFile(path, `tensor ${name} [${shape.join(', ')}] doesn't fit its ${end - begin} bytes`);
  }
  return { name, shape, begin, end };
}

function badFile(path: string, reason: string, cause?: unknown): GanTrainError {
  return new GanTrainError(
    'bad_checkpoint',
    `${path} can't be read as safetensors: ${reason}`,
    'take another checkpoint or copy the file again',
    cause,
  );
}
