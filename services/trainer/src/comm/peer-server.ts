import type { Server } from '@grpc/grpc-js';
import { servePull, serveShare, type Serving } from '@gan-train/collective';
import {
  createRpcServer,
  decodeChunk,
  listen,
  peerService,
  streamHandler,
  unaryHandler,
  type PullRequest,
  type ShareRequest,
} from '@gan-train/rpc';
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
        // What lies in shared memory is sent too.
        const { offset, payload } = decodeChunk(chunk);
        onBytes(payload.length > 0 ? payload.length : offset);
        yield chunk;
      }
    }),
    Share: unaryHandler(async (request: ShareRequest) => Promise.resolve(serveShare(request, serving()))),
  });
  return { server, host, port: await listen(server, host, port) };
}
