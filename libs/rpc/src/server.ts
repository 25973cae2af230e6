import { Server, ServerCredentials } from '@grpc/grpc-js';
import { GanTrainError } from '@gan-train/service/errors';
import { maxMessageBytes } from './chunk.js';

export function createRpcServer(): Server {
  return new Server({
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
    'grpc.enable_channelz': 0,
    'grpc.keepalive_time_ms': 5_000,
    'grpc.keepalive_timeout_ms': 10_000,
    'grpc.max_concurrent_streams': 4096,
  });
}

/** Listens on `host:port` (0: any free port) and returns the port. Throws `port_taken`. */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else {
        const todo = 'choose another port, or 0 for any free one';
        reject(new GanTrainError('port_taken', `cannot listen on ${address} for gRPC`, todo, error));
      }
    });
  });
}

/** Ends a server: lets calls finish for `graceMs`, then breaks them. */
export async function shutdown(server: Server, graceMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, graceMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
