import { createHash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { access, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { endClusters } from './cluster.js';
import { endCommands } from './command.js';

/** A directory for the tests of a file; when they are through it goes, with all in it and every command still running. */
export function directoryOfTests(): string {
  const directory = mkdtempSync(join(tmpdir(), 'gan-train-test-'));
  afterAll(async () => {
    await endCommands();
    await endClusters();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  });
  return directory;
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Every file below a directory and the hash of its bytes: equal before and after means that nothing was written. */
export async function contentsOf(directory: string): Promise<Record<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const hashed = files.sort().map(async (file) => {
    const hash = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
    return [file, hash] as const;
  });
  return Object.fromEntries(await Promise.all(hashed));
}
