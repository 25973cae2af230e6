import type { ClientWritableStream, ServiceError } from '@grpc/grpc-js';
import {
  chunkBytes,
  errorFromStatus,
  sizeOfTensors,
  type CheckpointHeader,
  type CheckpointPiece,
  type CheckpointPiece__Output,
  type CoordinatorClient,
  type GenerationId,
  type GridPiece,
} from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import type { CheckpointUpload, StateBytes } from '../comm-calls.js';

const uploadTimeoutMs = 600_000;
const downloadTimeoutMs = 600_000;

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

/** The newest state that is stored. Throws `protocol` when it is not whole. */
export async function getCheckpoint(client: CoordinatorClient, runId: string): Promise<StateBytes> {
  const call = client.GetCheckpoint({ runId }, { deadline: Date.now() + downloadTimeoutMs });
  let header: CheckpointHeader | undefined;
  let data = new Uint8Array(new SharedArrayBuffer(0));
  let received = 0;
  try {
    for await (const piece of call as AsyncIterable<CheckpointPiece__Output>) {
      if (piece.header) {
        header = piece.header;
        data = new Uint8Array(new SharedArrayBuffer(sizeOfTensors(piece.header.tensors)));
      } else if (piece.data) {
        if (received + piece.data.length > data.length)
          throw new GanTrainError('protocol', 'the checkpoint is too long');
        data.set(piece.data, received);
        received += piece.data.length;
      }
    }
  } catch (error) {
    throw errorFromStatus(error, 'coordinator_lost');
  }
  if (header === undefined || received !== data.length) {
    throw new GanTrainError('protocol', `${received} of ${data.length} checkpoint bytes came`);
  }
  return { header, data: data.buffer };
}
