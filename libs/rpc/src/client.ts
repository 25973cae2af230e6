import {
  credentials,
  makeClientConstructor,
  type ChannelOptions,
  type Client,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import type { CoordinatorClient } from './gen/gan_train/v1/Coordinator.js';
import type { PeerClient } from './gen/gan_train/v1/Peer.js';
import { maxMessageBytes } from './chunk.js';
import { coordinatorService, peerService } from './contract.js';
import { credentialsOf } from './tls/client.js';
import type { TlsIdentity } from './tls/identity.js';
import { nameOfRole, type Role } from './tls/roles.js';

const channelOptions = {
  'grpc.max_receive_message_length': maxMessageBytes,
  'grpc.max_send_message_length': maxMessageBytes,
  // Everything here is either idempotent and repeated by its caller, or must not be repeated.
  'grpc.enable_retries': 0,
  'grpc.per_rpc_retry_buffer_size': 0,
  'grpc.enable_channelz': 0,
  // Without keepalive a hung peer is never noticed.
  'grpc.keepalive_time_ms': 2_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.keepalive_permit_without_calls': 1,
  // Only clients can widen their receive window, which is why receivers of bulk data are clients.
  'grpc-node.flow_control_window': 8 * 1024 * 1024,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
};

/** Else clients of one address share them. */
const ownConnections = { 'grpc.use_local_subchannel_pool': 1 };

function createClient(
  service: ServiceDefinition,
  address: string,
  role: Role,
  tls: TlsIdentity | undefined,
  more: ChannelOptions = {},
): Client {
  const Constructor = makeClientConstructor(service, 'gan_train');
  const options = { ...channelOptions, ...more };
  if (tls === undefined) return new Constructor(address, credentials.createInsecure(), options);
  const named = { ...options, 'grpc.ssl_target_name_override': nameOfRole(role) };
  return new Constructor(address, credentialsOf(tls), named);
}

/** Of a coordinator; with `tls`, of nothing else than one. */
export const createCoordinatorClient = (address: string, tls?: TlsIdentity): CoordinatorClient =>
  createClient(coordinatorService, address, 'coordinator', tls) as unknown as CoordinatorClient;

/** A client for as long as a process lives, whatever becomes of its connection. */
export interface LastingClient {
  readonly client: CoordinatorClient;
  /**
   * Connects anew. An attempt that goes to an address where nobody is any more (a Service of Kubernetes whose pod was replaced while it was on its way)
   * would be in the way of others for two minutes, until the system gives it up. Calls that wait for it fail as unavailable.
   */
  renew: () => void;
}

export function createLastingClient(address: string, tls?: TlsIdentity): LastingClient {
  const create = (): CoordinatorClient =>
    createClient(
      coordinatorService,
      address,
      'coordinator',
      tls,
      ownConnections,
    ) as unknown as CoordinatorClient;
  let inner = create();
  const methods = [...Object.keys(coordinatorService), 'waitForReady', 'close'];
  const call =
    (name: string) =>
    (...args: unknown[]): unknown =>
      (inner as unknown as Record<string, (...args: unknown[]) => unknown>)[name]?.apply(inner, args);
  return {
    client: Object.fromEntries(methods.map((name) => [name, call(name)])) as unknown as CoordinatorClient,
    renew() {
      inner.close();
      inner = create();
    },
  };
}

/** Of a trainer; with `tls`, of nothing else than one. */
export const createPeerClient = (address: string, tls?: TlsIdentity): PeerClient =>
  createClient(peerService, address, 'trainer', tls) as unknown as PeerClient;
