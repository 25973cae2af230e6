// What the suites that need more than npm share: a directory that is made once, whole or not at all. Dependency-free.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';

/**
 * A directory with a known content, made when it isn't there: beside its place, then renamed, so that a directory of this
 * name is whole. Returns its absolute path.
 *
 * @param facts what its content follows from, as plain data: when they change it is made anew
 * @param fill(made, scratch) puts the content into `made`; what lies elsewhere in `scratch` goes
 */
export function makeDirectory(directory, facts, fill) {
  const place = resolve(directory);
  const stamp = JSON.stringify(facts);
  const stampFile = join(place, 'made-of.json');
  const isWhole = () => existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp;
  if (isWhole()) return place;
  if (existsSync(place) && !existsSync(stampFile)) {
    throw new Error(`${place} exists and was not made by this script: give another directory`);
  }
  mkdirSync(dirname(place), { recursive: true });
  const scratch = mkdtempSync(`${place}.`);
  try {
    const made = join(scratch, 'made');
    mkdirSync(made);
    fill(made, scratch);
    writeFileSync(join(made, 'made-of.json'), stamp);
    if (existsSync(place)) renameSync(place, join(scratch, 'before'));
    renameSync(made, place);
  } catch (error) {
    // Another process may have been faster: the same content.
    if (!isWhole()) throw error;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return place;
}

/** Throws, naming it, when a program is not on the PATH; python3 comes with pip. */
export function requireTools(...tools) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  for (const tool of tools) {
    if (!folders.some((folder) => existsSync(join(folder, tool))))
      throw new Error(`${tool} is missing: install it`);
  }
  if (tools.includes('python3') && spawnSync('python3', ['-m', 'pip', '--version']).status !== 0) {
    throw new Error("python3's pip is missing: install it (python3-pip)");
  }
}

/** Runs a command, with its output shown only when it fails; throws then. Returns its standard output. */
export function run(what, file, args, { cwd, env = process.env } = {}) {
  console.error(what);
  const result = spawnSync(file, args, { cwd, env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (result.status === 0) return result.stdout;
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}\n`);
  throw new Error(`${what}: failed`);
}
