import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';

export const runsFolder = 'runs';

/** A directory for a new run: runs/<preset>-<data>-<NNN>, the next number. */
export async function newRunDirectory(preset: string, data: string): Promise<string> {
  const name = basename(data)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  // A name may have no letters that are plain in every file system.
  const stem = `${preset}-${name === '' ? 'data' : name}-`;
  const taken = await readdir(runsFolder).catch(() => []);
  const numbers = taken.filter((run) => run.startsWith(stem)).map((run) => Number(run.slice(stem.length)));
  const next = Math.max(0, ...numbers.filter(Number.isInteger)) + 1;
  return join(runsFolder, `${stem}${String(next).padStart(3, '0')}`);
}
