import type {
  CallOptions,
  ClientReadableStream,
  sendUnaryData,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceError,
} from '@grpc/grpc-js';
import { GanTrainError, type ErrorCode } from '@gan-train/service/errors';
import { errorFromStatus, statusFromError } from './status.js';

type UnaryCall<Request, Reply> = (
  request: Request,
  options: CallOptions,
  callback: (error: ServiceError | null, reply?: Reply) => void,
) => unknown;

/** Makes a unary call with a deadline; rejects with our error, `unavailable` where nobody answers. */
export async function callUnary<Request, Reply>(
  call: UnaryCall<Request, Reply>,
  request: Request,
  options: { timeoutMs: number; unavailable: ErrorCode },
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    call(request, { deadline: Date.now() + options.timeoutMs }, (error, reply) => {
      if (error !== null) reject(errorFromStatus(error, options.unavailable));
      else resolve(reply as Reply);
    });
  });
}

/** The messages of a server stream one by one; ends the call when the consumer stops early. Errors are ours. */
export async function* readStream<Message>(
  stream: ClientReadableStream<Message>,
  unavailable: ErrorCode,
): AsyncGenerator<Message, void, void> {
  try {
    for await (const message of stream) yield message as Message;
  } catch (error) {
    throw errorFromStatus(error, unavailable);
  } finally {
    stream.cancel();
  }
}

/** A unary handler from an async function: its error becomes the call's status. */
export function unaryHandler<Request, Reply>(handle: (request: Request) => Promise<Reply>) {
  return (call: ServerUnaryCall<Request, Reply>, callback: sendUnaryData<Reply>): void => {
    handle(call.request).then(
      (reply) => callback(null, reply),
      (error: unknown) => callback(statusFromError(error)),
    );
  };
}

/** A server-streaming handler from an async generator; writes with back-pressure, stops when the caller is gone. */
export function streamHandler<Request, Message>(
  handle: (request: Request, signal: AbortSignal) => AsyncIterable<Message>,
) {
  return (call: ServerWritableStream<Request, Message>): void => {
    const gone = new AbortController();
    call.on('cancelled', () => gone.abort());
    void (async () => {
      try {
        for await (const message of handle(call.request, gone.signal)) {
          if (gone.signal.aborted) return;
          await writeMessage(call, message);
        }
        call.end();
      } catch (error) {
        // Emitting 'error' is grpc-js' way to end a stream with a status.
        if (!gone.signal.aborted) call.emit('error', statusFromError(error));
      }
    })();
  };
}

/** Resolves when the message is on its way: the callback of `write` is honest back-pressure on a server. */
async function writeMessage<Message>(
  call: ServerWritableStream<unknown, Message>,
  message: Message,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancelled = (): void => reject(new GanTrainError('cancelled', 'the caller is gone'));
    call.once('cancelled', cancelled);
    call.write(message, () => {
      call.off('cancelled', cancelled);
      resolve();
    });
  });
}
