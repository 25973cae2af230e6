import type { ServerReadableStream, sendUnaryData } from '@grpc/grpc-js';
import { isSameGeneration, nameOfGeneration, statusFromError, type GenerationId } from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import { requireRun } from './handlers.js';
import type { Run } from './run.js';

/** Where the bytes of an upload go. */
export interface Target<Reply> {
  sizeBytes: number;
  /** The run waits for it, and can't end well without it. */
  isFinal?: boolean;
  write(bytes: Uint8Array): Promise<void>;
  finish(): Promise<Reply>;
  abort(): Promise<void>;
}

/** Keeps an upload in memory, for `finish` to do something with it as a whole. */
export function collect<Reply>(
  sizeBytes: number,
  finish: (bytes: Uint8Array<ArrayBuffer>) => Promise<Reply>,
): Target<Reply> {
  const bytes = new Uint8Array(sizeBytes);
  let received = 0;
  return {
    sizeBytes,
    write: async (piece) => {
      bytes.set(piece, received);
      received += piece.length;
      return Promise.resolve();
    },
    finish: async () => finish(bytes),
    abort: async () => Promise.resolve(),
  };
}

/** A stream of a header and bytes: `open` gets the header, and says what to do with the bytes and at the end. */
export function receive<Header, Reply>(run: Run, begin: (header: Header) => Promise<Target<Reply>>) {
  return (
    call: ServerReadableStream<{ header?: Header | null; data?: Buffer | null }, Reply>,
    done: sendUnaryData<Reply>,
  ): void => {
    void (async () => {
      let target: Target<Reply> | undefined;
      let received = 0;
      try {
        for await (const piece of call as AsyncIterable<{ header?: Header | null; data?: Buffer | null }>) {
          if (piece.header) {
            if (target !== undefined) throw new GanTrainError('protocol', 'a second header came');
            target = await begin(piece.header);
          } else if (piece.data) {
            if (target === undefined) throw new GanTrainError('protocol', 'bytes came before the header');
            received += piece.data.length;
            if (received > target.sizeBytes)
              throw new GanTrainError('protocol', 'more bytes came than were announced');
            await target.write(piece.data);
          }
        }
        const announced = target?.sizeBytes ?? 0;
        if (call.cancelled) {
          const what = `an upload broke off after ${received} of ${announced} bytes`;
          throw new GanTrainError('cancelled', what);
        }
        if (target === undefined || received !== announced)
          throw new GanTrainError('protocol', `${received} of ${announced} bytes came`);
        done(null, await target.finish());
      } catch (thrown) {
        await target?.abort();
        const error = GanTrainError.from(thrown);
        // Whoever sent it sends it again, where it is still wanted.
        if (error.code === 'fenced' || error.code === 'cancelled')
          run.context.log.info({ reason: error.what }, 'not stored');
        else {
          run.context.metrics.notStored(error.code);
          run.context.log.error({ err: error }, 'not stored');
          // What can't be written won't be.
          if (target?.isFinal === true && (error.code === 'io' || error.code === 'not_writable'))
            await run.handle({ kind: 'finalNotStored', code: error.code, reason: error.message });
        }
        done(statusFromError(error));
      }
    })();
  };
}

/** A message of an older generation or another run changes nothing. */
export function fence(run: Run, header: { runId: string; generation: GenerationId | null }): void {
  requireRun(run, header.runId);
  const { generation } = header;
  if (!isSameGeneration(generation, run.core.view.generation.id))
    throw new GanTrainError('fenced', `generation ${nameOfGeneration(generation)} is over`);
}
