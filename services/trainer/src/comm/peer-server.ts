import type { Server } from '@grpc/grpc-js';
import { servePull, type Serving } from '@gan-train/collective';
import { createRpcServer, listen, peerService, streamHandler, type PullRequest } from '@gan-train/rpc';
import { parseAddress } from '../address.js';

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
