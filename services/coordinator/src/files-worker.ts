import { parentPort } from 'node:worker_threads';
import { encodeKerasWeights } from '@gan-train/checkpoint';
import { encodeGrid, type Grid } from './grid.js';
import type { KerasFile } from './keras-files.js';

/** Encoding blocks its thread; here that is nobody's concern. */
export type FileJob = ({ kind: 'grid' } & Grid) | ({ kind: 'keras' } & KerasFile);

export type FileReply = { id: number } & ({ ok: true; content: Uint8Array } | { ok: false; message: string });

parentPort?.on('message', ({ id, job }: { id: number; job: FileJob }) => {
  encode(job).then(
    (content) => parentPort?.postMessage({ id, ok: true, content } satisfies FileReply),
    (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      parentPort?.postMessage({ id, ok: false, message } satisfies FileReply);
    },
  );
});

async function encode(job: FileJob): Promise<Uint8Array> {
  switch (job.kind) {
    case 'grid':
      return encodeGrid(job);
    case 'keras':
      return encodeKerasWeights(job.layers, job.options);
  }
}
