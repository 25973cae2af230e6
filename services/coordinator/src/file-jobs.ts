import { Worker } from 'node:worker_threads';
import { GanTrainError } from '@gan-train/service';
import type { FileJob, FileReply } from './files-worker.js';

export interface FileJobs {
  /** The content of a file; rejects with `internal`. */
  run(job: FileJob): Promise<Uint8Array>;
  close(): Promise<void>;
}

export function createFileJobs(): FileJobs {
  const worker = new Worker(new URL('./files-worker.js', import.meta.url));
  const waiting = new Map<
    number,
    { resolve: (content: Uint8Array) => void; reject: (error: GanTrainError) => void }
  >();
  let next = 0;
  worker.on('message', (reply: FileReply) => {
    const job = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.ok) job?.resolve(reply.content);
    else job?.reject(new GanTrainError('internal', reply.message));
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
