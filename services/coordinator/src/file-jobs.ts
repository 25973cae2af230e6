import { Worker } from 'node:worker_threads';
import { GanTrainError } from '@gan-train/service';
import type { FileJob, FileReply } from './files-worker.js';

export interface FileJobs {
  /** Encodes and writes; rejects with `io`. */
  run(job: FileJob): Promise<void>;
  close(): Promise<void>;
}

export function createFileJobs(): FileJobs {
  const worker = new Worker(new URL('./files-worker.js', import.meta.url));
  const waiting = new Map<number, { resolve: () => void; reject: (error: GanTrainError) => void }>();
  let next = 0;
  worker.on('message', (reply: FileReply) => {
    const job = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.ok) job?.resolve();
    else job?.reject(new GanTrainError('io', reply.message));
  });
  worker.on('error', (error) => {
    for (const { reject } of waiting.values()) reject(GanTrainError.from(error));
    waiting.clear();
  });
  return {
    run: async (job) =>
      new Promise((resolve, reject) => {
        const id = next++;
        waiting.set(id, { resolve, reject });
        worker.postMessage({ id, job });
      }),
    async close() {
      await worker.terminate();
    },
  };
}
