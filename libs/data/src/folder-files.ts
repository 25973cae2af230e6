import type { Dirent } from 'node:fs';
import { open, readdir, realpath, stat, type FileHandle } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { GanTrainError } from '@gan-train/service';
import { imageKindOf, signatureBytes } from './decode.js';
import { compareNames } from './manifest.js';

/** A training image larger than this is a mistake, and several are held in memory at once. */
const maxFileBytes = 256 << 20;
const imageNames = new Set(['.png', '.jpg', '.jpeg', '.webp']);

export const folderTodo = 'give --data mnist, or a folder with PNG, JPEG or WebP images';

/** Whether a file's name says that it is an image: then content that is none is worth a word. */
export function isNamedImage(name: string): boolean {
  return imageNames.has(extname(name).toLowerCase());
}

/**
 * All files under a folder, names relative to it with forward slashes, by code point. Hidden files and folders are left
 * out; links are followed, but no folder is entered twice. Throws `bad_data` for what is no folder or can't be listed.
 */
export async function listFolder(folder: string): Promise<string[]> {
  const names: string[] = [];
  const entered = new Set<string>();
  const waiting = [''];
  for (let prefix = waiting.pop(); prefix !== undefined; prefix = waiting.pop()) {
    const entries = await listOne(folder, prefix, entered);
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue;
      const name = `${prefix}${entry.name}`;
      const kind = entry.isSymbolicLink() ? await targetOf(join(folder, name)) : entry;
      if (kind.isDirectory()) waiting.push(`${name}/`);
      else if (kind.isFile()) names.push(name);
    }
  }
  return names.sort(compareNames);
}

/** None if the folder was entered before: links can make a circle. */
async function listOne(folder: string, prefix: string, entered: Set<string>): Promise<Dirent[]> {
  const path = join(folder, prefix);
  try {
    const real = await realpath(path);
    if (entered.has(real)) return [];
    entered.add(real);
    const entries = await readdir(path, { withFileTypes: true });
    return entries.sort((a, b) => compareNames(a.name, b.name));
  } catch (thrown) {
    throw folderError(path, thrown);
  }
}

/** What a link leads to; one that leads nowhere counts as a file, so that it is reported where an image was meant. */
async function targetOf(path: string): Promise<Pick<Dirent, 'isDirectory' | 'isFile'>> {
  try {
    return await stat(path);
  } catch {
    return { isDirectory: () => false, isFile: () => true };
  }
}

function folderError(path: string, thrown: unknown): GanTrainError {
  const { code, message } = thrown as NodeJS.ErrnoException;
  let what = `can't list ${path}: ${message}`;
  if (code === 'ENOENT') what = `there is no folder ${path}`;
  if (code === 'ENOTDIR') what = `${path} is a file, not a folder`;
  return new GanTrainError('bad_data', what, folderTodo, thrown);
}

/**
 * The whole content of a file that is an image by its first bytes, `undefined` if it is none. Throws the system's error,
 * or a plain one if it is larger than 256 MiB or changes while it is read.
 */
export async function readImageFile(path: string): Promise<Uint8Array | undefined> {
  const handle = await open(path, 'r');
  try {
    const head = await readFrom(handle, 0, signatureBytes);
    if (!imageKindOf(head)) return undefined;
    const { size } = await handle.stat();
    if (size > maxFileBytes) throw new Error(`${size} bytes are too many for an image`);
    const bytes = await readFrom(handle, 0, size);
    if (bytes.length !== size) throw new Error('it changed while it was read');
    return bytes;
  } finally {
    await handle.close();
  }
}

async function readFrom(handle: FileHandle, start: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, start + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}
