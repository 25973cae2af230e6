import type { ClientReadableStream } from '@grpc/grpc-js';
import { GanTrainError } from '@gan-train/service/errors';
import { decodeChunk } from './chunk.js';

/**
 * The payloads of a stream of `Chunk`s, which must follow one another without a gap and be `sizeBytes` together: else
 * `protocol`. Where `mayBeInPlace`, the stream may be a single chunk without data instead, whose offset is `sizeBytes`: they lie
 * elsewhere. The call is cancelled when the signal aborts, and when this ends in whatever way; nothing is given after that, though it
 * may have arrived before: `cancelled`. Errors of the call itself are gRPC's.
 */
export async function* readChunks(
  call: ClientReadableStream<unknown>,
  sizeBytes: number,
  signal: AbortSignal,
  mayBeInPlace = false,
): AsyncGenerator<{ offset: number; payload: Buffer }, void, void> {
  const cancel = (): void => call.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  let received = 0;
  try {
    // The contract keeps these streams' messages as bytes.
    for await (const message of call as AsyncIterable<unknown>) {
      if (signal.aborted) throw new GanTrainError('cancelled', 'the chunks are not wanted any more');
      const chunk = decodeChunk(message as Buffer);
      const isInPlace = chunk.payload.length === 0 && chunk.offset === sizeBytes;
      if (mayBeInPlace && received === 0 && isInPlace) received = sizeBytes;
      if (chunk.offset !== received || received + chunk.payload.length > sizeBytes) {
        throw new GanTrainError('protocol', `a chunk at ${chunk.offset} does not follow ${received}`);
      }
      yield chunk;
      received += chunk.payload.length;
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    call.cancel();
  }
  if (received !== sizeBytes) throw new GanTrainError('protocol', `${received} of ${sizeBytes} bytes came`);
}
