import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** A directory for a new run: runs/<preset>-<data>-<NNN>, the next number. */
export async function newRunDirectory(preset: string, data: string): Promise<string> {
  const stem = `${preset}-${basename(data)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')}-`;
  const taken = await readdir('runs').catch(() => []);
  const numbers = taken
    .filter((name) => name.startsWith(stem))
    .map((name) => Number(name.slice(stem.length)));
  const next = Math.max(0, ...numbers.filter(Number.isInteger)) + 1;
  return join('runs', `${stem}${String(next).padStart(3, '0')}`);
}
