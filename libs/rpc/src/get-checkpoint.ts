import { GanTrainError } from '@gan-train/service/errors';
import type { CoordinatorClient } from './gen/gan_train/v1/Coordinator.js';
import type { CheckpointHeader__Output as CheckpointHeader } from './gen/gan_train/v1/CheckpointHeader.js';
import type { CheckpointPiece__Output } from './gen/gan_train/v1/CheckpointPiece.js';
import { sizeOfTensors } from './state.js';
import { errorFromStatus } from './status.js';

/** A state as it comes from somewhere else. */
export interface StateBytes {
  header: CheckpointHeader;
  data: SharedArrayBuffer;
}

/** The newest state that a coordinator has stored. Throws `protocol` when it is not whole, `run_missing` before the first. */
export async function getCheckpoint(
  client: CoordinatorClient,
  runId: string,
  timeoutMs: number,
): Promise<StateBytes> {
  const call = client.GetCheckpoint({ runId }, { deadline: Date.now() + timeoutMs });
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
