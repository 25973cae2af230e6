import { setTimeout as delay } from 'node:timers/promises';
import { patchConfigMap, type Cluster } from '@gan-train/kubernetes';
import { GanTrainError } from '@gan-train/service';
import type { Run } from '../run.js';
import { status } from '../status.js';
import { createSharedWork } from './shared-work.js';
import { statusDataFrom } from './status-data.js';

const everyMs = 5_000;
const closeMs = 5_000;

export interface StatusWriter {
  /** Resolves when what is so now was written, or couldn't be. */
  write(): Promise<void>;
  /** Writes once more, for a few seconds at most. */
  close(): Promise<void>;
}

/** Writes the run's status into a ConfigMap when it has changed, every few seconds at most. */
export function createStatusWriter(
  run: Run,
  cluster: Cluster,
  name: string,
  onFailure: (error: GanTrainError) => void,
): StatusWriter {
  let written = '';
  const write = createSharedWork(async () => {
    const data = statusDataFrom(status(run, { runId: '' }));
    const text = JSON.stringify(data);
    if (text === written) return;
    try {
      await patchConfigMap(cluster, name, { ...data, updated: new Date().toISOString() });
      written = text;
    } catch (thrown) {
      onFailure(GanTrainError.from(thrown));
    }
  });
  const timer = setInterval(() => void write(), everyMs);
  return {
    write,
    async close() {
      clearInterval(timer);
      await Promise.race([write(), delay(closeMs, undefined, { ref: false })]);
    },
  };
}
