import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GanTrainError } from '@gan-train/service';
import { syncDirectory, systemCode, writeErrorFrom } from './files.js';

export const stateFile = 'state.safetensors';
export const manifestFile = 'manifest.json';

const stepName = /^\d{6,}$/;
const temporaryPrefix = '.tmp-';
const replacedPrefix = '.replaced-';

/** Temporary directories of writers alive in this process: cleaning must not take one from under its writer. */
const live = new Set<string>();

/** The directory name of a step's checkpoint: at least six digits, so that names sort like steps. */
export function nameOfStep(step: number): string {
  return String(step).padStart(6, '0');
}

/** The checkpoint directories by name, newest first; none if the directory doesn't exist. Nothing is verified. */
export async function listCheckpoints(checkpointsDir: string): Promise<{ step: number; dir: string }[]> {
  const names = await namesIn(checkpointsDir);
  return names
    .filter((name) => stepName.test(name))
    .map((name) => ({ step: Number(name), dir: join(checkpointsDir, name) }))
    .sort((a, b) => b.step - a.step);
}

/** Makes a hidden directory for a checkpoint in the making. */
export async function makeTemporary(checkpointsDir: string, name: string, suffix: string): Promise<string> {
  const dir = join(checkpointsDir, `${temporaryPrefix}${name}-${suffix}`);
  await mkdir(dir);
  live.add(dir);
  return dir;
}

export function forgetTemporary(dir: string): void {
  live.delete(dir);
}

/**
 * Puts a complete temporary directory in the place of the step's checkpoint. One that lies there already (the step
 * was computed again after a way back) is moved aside first and removed last; `cleanCheckpoints` undoes the half of it.
 */
export async function publish(temporary: string, checkpointsDir: string, name: string): Promise<string> {
  const target = join(checkpointsDir, name);
  const aside = join(checkpointsDir, `${replacedPrefix}${name}`);
  const replaces = await renameIfThere(target, aside);
  await rename(temporary, target);
  await syncDirectory(checkpointsDir);
  if (replaces) await rm(aside, { recursive: true, force: true });
  return target;
}

/**
 * Makes the directory if it isn't there and clears up after a process that died while it wrote in it: a checkpoint that
 * had been moved aside comes back if nothing took its place, temporary directories go. For the one who owns the run
 * directory only. Throws `io` or `not_writable`.
 */
export async function cleanCheckpoints(checkpointsDir: string): Promise<void> {
  try {
    await mkdir(checkpointsDir, { recursive: true });
    const names = await namesIn(checkpointsDir);
    for (const name of names) {
      const path = join(checkpointsDir, name);
      if (name.startsWith(replacedPrefix)) {
        const original = name.slice(replacedPrefix.length);
        if (names.includes(original)) await rm(path, { recursive: true, force: true });
        else await rename(path, join(checkpointsDir, original));
      } else if (name.startsWith(temporaryPrefix) && !live.has(path)) {
        await rm(path, { recursive: true, force: true });
      }
    }
  } catch (thrown) {
    throw writeErrorFrom(thrown, checkpointsDir);
  }
}

/** Takes a checkpoint away in one move; what a crash leaves of it is hidden and cleaned later. */
export async function removeCheckpoint(checkpointsDir: string, dir: string, name: string): Promise<void> {
  const hidden = join(checkpointsDir, `${temporaryPrefix}removed-${name}`);
  try {
    await rm(hidden, { recursive: true, force: true });
    await rename(dir, hidden);
    await rm(hidden, { recursive: true, force: true });
  } catch (thrown) {
    throw writeErrorFrom(thrown, dir);
  }
}

async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') return [];
    throw new GanTrainError(
      'io',
      `can't list ${dir}: ${(thrown as Error).message}`,
      'check the disk',
      thrown,
    );
  }
}

async function renameIfThere(from: string, to: string): Promise<boolean> {
  try {
    await rm(to, { recursive: true, force: true });
    await rename(from, to);
    return true;
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') return false;
    throw thrown;
  }
}
