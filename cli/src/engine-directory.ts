import { mkdir, mkdtemp, readdir, rename, rm, statfs } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { GanTrainError } from '@gan-train/service';

/**
 * Makes a directory beside its place and renames it, so that what is seen under its name is whole. When `fill` throws, what
 * was there before stays, and nothing else does.
 *
 * @param neededBytes free space below which it isn't begun
 * @param fill(made, scratch) puts the content into `made`; what lies elsewhere in `scratch` goes
 */
export async function makeDirectory(
  place: string,
  neededBytes: number,
  fill: (made: string, scratch: string) => Promise<void>,
): Promise<void> {
  const parent = dirname(place);
  await mkdir(parent, { recursive: true }).catch(notWritable(parent));
  await removeAbandoned(parent);
  await requireSpace(parent, neededBytes);
  const scratch = await mkdtemp(join(parent, scratchPrefix(process.pid))).catch(notWritable(parent));
  try {
    const made = join(scratch, basename(place));
    await mkdir(made);
    await fill(made, scratch);
    await rename(place, join(scratch, 'before')).catch(() => undefined);
    await rename(made, place);
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** A home may be shared by machines, and only its own knows whether a process lives. */
const machinePrefix = `.making-${hostname()}-`;
const scratchPrefix = (pid: number): string => `${machinePrefix}${pid}-`;

/** What a process that was killed outright left. */
async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = name.startsWith(machinePrefix) ? parseInt(name.slice(machinePrefix.length), 10) : NaN;
    if (!Number.isNaN(pid) && !isAlive(pid)) await rm(join(parent, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function requireSpace(parent: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(parent);
  if (bavail * bsize >= neededBytes) return;
  const [free, needed] = [bavail * bsize, neededBytes].map((bytes) => `${(bytes / 1e9).toFixed(1)} GB`);
  throw new GanTrainError(
    'not_writable',
    `${free} are free at ${parent}, and ${needed} are needed for a while`,
    'make room, or set GAN_TRAIN_HOME to a folder that has it',
  );
}

const notWritable = (folder: string) => (error: unknown) => {
  throw new GanTrainError(
    'not_writable',
    `cannot make ${folder}: ${(error as Error).message}`,
    'set GAN_TRAIN_HOME to a folder that can be written',
    error,
  );
};
