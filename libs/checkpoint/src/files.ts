import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { GanTrainError } from '@gan-train/service';

/** The `code` of a system error (`ENOENT`, `ENOSPC` ...), if it is one. */
export function systemCode(thrown: unknown): string | undefined {
  const code = thrown instanceof Error ? (thrown as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** A failed write as the error that a person reads: no permission is `not_writable`, anything else is `io`. */
export function writeErrorFrom(thrown: unknown, path: string): GanTrainError {
  if (thrown instanceof GanTrainError) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const what = `can't write ${path}: ${reason}`;
  const code = systemCode(thrown) ?? '';
  if (['EACCES', 'EPERM', 'EROFS'].includes(code)) {
    return new GanTrainError('not_writable', what, 'make the directory writable or choose another', thrown);
  }
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  return new GanTrainError('io', what, isFull ? 'free some space on that disk' : 'check the disk', thrown);
}

/** Makes the names in a directory survive a power cut: a renamed file is only safe once its directory is synced. */
export async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes a new file and syncs it; fails if it exists. */
export async function writeFileSynced(path: string, content: Uint8Array | string): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Replaces `path` by `content` in one move: readers see the old file or the new one, whole, also after a power cut.
 * The temporary file lies beside it (`.NAME.<random>.tmp`) and is removed on failure. `beforeMove` may still reject: nothing is
 * replaced then. Throws GanTrainError `io` or `not_writable`, or what `beforeMove` does.
 */
export async function writeFileAtomic(
  path: string,
  content: Uint8Array | string,
  beforeMove: () => Promise<void> = async () => Promise.resolve(),
): Promise<void> {
  const dir = dirname(path);
  const temporary = join(dir, `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await writeFileSynced(temporary, content);
    await beforeMove();
    await rename(temporary, path);
    await syncDirectory(dir);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw writeErrorFrom(thrown, path);
  }
}

/** Removes what writers of a directory's files that died, or are paused, have left there. */
export async function removeTemporaries(dir: string): Promise<void> {
  for (const name of await readdir(dir)) {
    if (/^\..+\.[0-9a-f]{12}\.tmp$/.test(name)) await rm(join(dir, name), { force: true });
  }
}

/** SHA-256 of a file's content as lower-case hex, read in pieces of 1 MiB. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
