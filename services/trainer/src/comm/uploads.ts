import type { ClientWritableStream, ServiceError } from '@grpc/grpc-js';
import {
  chunkBytes,
  errorFromStatus,
  type CheckpointPiece,
  type CoordinatorClient,
  type GenerationId,
  type GridPiece,
} from '@gan-train/rpc';
import type { CheckpointUpload } from '../comm-calls.js';

const uploadTimeoutMs = 600_000;

export interface UploadContext {
  client: CoordinatorClient;
  runId: string;
}

export async function putCheckpoint(
  { client, runId }: UploadContext,
  upload: CheckpointUpload,
): Promise<{ weightsHash: string }> {
  const header = {
    runId,
    generation: upload.generation,
    purpose: upload.purpose,
    state: upload.state,
    tensors: upload.tensors.map(({ name, shape }) => ({ name, shape: [...shape] })),
    generatorUpdates: upload.updates.generator,
    discriminatorUpdates: upload.updates.discriminator,
    final: upload.final,
    skippedInRow: upload.skippedInRow,
    ...(upload.row && { row: upload.row }),
  };
  return send<CheckpointPiece, { weightsHash: string }>(
    (done) => client.PutCheckpoint({ deadline: Date.now() + uploadTimeoutMs }, done),
    { header },
    new Uint8Array(upload.data),
  );
}

export async function putGrid(
  { client, runId }: UploadContext,
  generation: GenerationId,
  grid: { step: number; images: number; size: number; channels: number; pixels: Uint8Array },
): Promise<void> {
  const { pixels, ...shape } = grid;
  await send<GridPiece, unknown>(
    (done) => client.PutGrid({ deadline: Date.now() + uploadTimeoutMs }, done),
    { header: { runId, generation, ...shape } },
    pixels,
  );
}

/** Sends a header, then bytes in chunks, as fast as the other side takes them. */
async function send<Piece, Reply>(
  open: (done: (error: ServiceError | null, reply?: Reply) => void) => ClientWritableStream<Piece>,
  header: Piece,
  bytes: Uint8Array,
): Promise<Reply> {
  let call: ClientWritableStream<Piece> | undefined;
  let drained: (() => void) | undefined;
  let over = false;
  const reply = new Promise<Reply>((resolve, reject) => {
    call = open((error, answer) => {
      over = true;
      drained?.();
      if (error !== null) reject(errorFromStatus(error, 'coordinator_lost'));
      else resolve(answer as Reply);
    });
  });
  reply.catch(() => undefined);
  const stream = call as unknown as ClientWritableStream<Piece>;
  stream.on('drain', () => drained?.());
  stream.write(header);
  for (let at = 0; at < bytes.length && !over; at += chunkBytes) {
    // A copy: the source may lie on shared memory, and is reused when this upload is over.
    const data = Buffer.from(bytes.subarray(at, at + chunkBytes));
    if (!stream.write({ data } as Piece) && !over) await new Promise<void>((resolve) => (drained = resolve));
  }
  stream.end();
  return reply;
}
