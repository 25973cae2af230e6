import {
  GanTrainError,
  mergeAsked,
  optionNames,
  options as optionTable,
  resolveConfig,
  type RunConfig,
} from '@gan-train/service';
import { loadRunConfig, loadRunRecord } from './run-files.js';

/** The config of a run that goes on: its own, with operational options as asked now. Throws `identity_changed`. */
export async function continuedConfig(out: string, asked: Record<string, unknown>): Promise<RunConfig> {
  const before = await loadRunConfig(out);
  const record = await loadRunRecord(out);
  const wanted = resolveConfig(mergeAsked(before, asked));
  const had = resolveConfig(before);
  const changed = optionNames.filter(
    (name) => optionTable[name].kind === 'identity' && wanted[name] !== had[name],
  );
  // The engine was resolved when the run began; naming the same one is no change.
  const differences = changed.filter(
    (name) => name !== 'engine' || wanted.engine !== record.identity?.engine,
  );
  if (differences.length > 0) {
    const what = differences.map(
      (name) => `${name} was ${String(had[name])} and is asked to be ${String(wanted[name])}`,
    );
    throw new GanTrainError(
      'identity_changed',
      `the run at ${out} cannot go on with another ${differences.join(', ')}: ${what.join('; ')}`,
      'leave it out, or begin a new run with another --out',
    );
  }
  return { ...wanted, engine: had.engine };
}
