import type { Server } from '@grpc/grpc-js';
import { servePull, type Serving } from '@gan-train/collective';
import { createRpcServer, listen, peerService, streamHandler, type PullRequest } from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';

/** Serves this trainer's partial and reduced parts to its peers. Returns the server and where it listens. */
export async function startPeerServer(
  address: string,
  serving: () => Serving | undefined,
  onBytes: (bytes: number) => void,
): Promise<{ server: Server; host: string; port: number }> {
  const { host, port } = parseAddress(address);
  const server = createRpcServer();
  server.addService(peerService, {
    Pull: streamHandler(async function* (request: PullRequest, signal) {
      for await (const chunk of servePull(request, serving(), signal)) {
        onBytes(chunk.length);
        yield chunk;
      }
    }),
  });
  return { server, host, port: await listen(server, host, port) };
}

/** `host:port`, with an IPv6 host in brackets. Throws `bad_config`. */
export function parseAddress(address: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new GanTrainError(
      'bad_config',
      `${address} is not an address`,
      'write host:port, such as 127.0.0.1:7070',
    );
  }
  return { host: match[1] ?? match[2] ?? '', port };
}
