import type { Server } from '@grpc/grpc-js';
import { fence, servePull, serveShare } from '@gan-train/collective';
import {
  createRpcServer,
  decodeChunk,
  listen,
  peerService,
  streamHandler,
  unaryHandler,
  type DescribeStateRequest,
  type ProbeRequest,
  type PullRequest,
  type PullStateRequest,
  type RpcServerOptions,
  type ShareRequest,
} from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import { parseAddress } from '../address.js';
import type { OpenGeneration } from './generation.js';
import type { HeldState } from './held-state.js';
import { serveProbe } from './probe.js';

/** What a trainer serves, if it is in a generation. */
type Open = Pick<OpenGeneration, 'serving' | 'held'>;

/**
 * Serves this trainer's partial and reduced parts to its peers, and its state to those that take it over. Returns the server and
 * where it listens.
 */
export async function startPeerServer(
  address: string,
  options: RpcServerOptions,
  runId: () => string | undefined,
  open: () => Open | undefined,
  onBytes: (bytes: number) => void,
): Promise<{ server: Server; host: string; port: number }> {
  const { host, port } = parseAddress(address);
  const server = createRpcServer(options);
  server.addService(peerService, {
    Pull: streamHandler(async function* (request: PullRequest, signal) {
      for await (const chunk of servePull(request, open()?.serving, signal)) {
        // What lies in shared memory is sent too.
        const { offset, payload } = decodeChunk(chunk);
        onBytes(payload.length > 0 ? payload.length : offset);
        yield chunk;
      }
    }),
    Share: unaryHandler(async (request: ShareRequest) =>
      Promise.resolve(serveShare(request, open()?.serving)),
    ),
    DescribeState: unaryHandler(async (request: DescribeStateRequest) => {
      const { runId, generation } = fence(request, open()?.serving);
      return heldOf(open()).describe({ runId, generation });
    }),
    PullState: streamHandler(async function* (request: PullStateRequest) {
      const { start, end, inPlace } = request;
      const { sums } = fence(request, open()?.serving);
      const put = (at: number, bytes: Uint8Array): boolean => sums?.putState(at, bytes) ?? false;
      yield* heldOf(open()).slices(start, end, inPlace ? put : undefined);
    }),
    Probe: unaryHandler(async (request: ProbeRequest) => serveProbe(request, runId(), options.tls)),
  });
  return { server, host, port: await listen(server, host, port) };
}

function heldOf(open: Open | undefined): HeldState {
  if (open === undefined) throw new GanTrainError('fenced', 'there is no generation here');
  return open.held;
}
