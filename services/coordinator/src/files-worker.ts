import { parentPort } from 'node:worker_threads';
import { encodeKerasWeights, writeFileAtomic } from '@gan-train/checkpoint';
import { encodeGrid, type Grid } from './grid.js';
import type { KerasFile } from './keras-files.js';

/** Encoding blocks its thread; here that is nobody's concern. */
export type FileJob =
  ({ kind: 'grid'; path: string } & Grid) | { kind: 'keras'; directory: string; files: KerasFile[] };

export type FileReply = { id: number } & ({ ok: true } | { ok: false; message: string });

parentPort?.on('message', ({ id, job }: { id: number; job: FileJob }) => {
  run(job).then(
    () => parentPort?.postMessage({ id, ok: true } satisfies FileReply),
    (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      parentPort?.postMessage({ id, ok: false, message } satisfies FileReply);
    },
  );
});

async function run(job: FileJob): Promise<void> {
  switch (job.kind) {
    case 'grid':
      await writeFileAtomic(job.path, await encodeGrid(job));
      break;
    case 'keras':
      for (const { name, layers, options } of job.files) {
        await writeFileAtomic(`${job.directory}/${name}`, await encodeKerasWeights(layers, options));
      }
      break;
  }
}
