import { credentials, makeClientConstructor, type Client, type ServiceDefinition } from '@grpc/grpc-js';
import type { CoordinatorClient } from './gen/gan_train/v1/Coordinator.js';
import type { PeerClient } from './gen/gan_train/v1/Peer.js';
import { maxMessageBytes } from './chunk.js';
import { coordinatorService, peerService } from './contract.js';

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

function createClient(service: ServiceDefinition, address: string): Client {
  const Constructor = makeClientConstructor(service, 'gan_train');
  return new Constructor(address, credentials.createInsecure(), channelOptions);
}

export const createCoordinatorClient = (address: string): CoordinatorClient =>
  createClient(coordinatorService, address) as unknown as CoordinatorClient;

export const createPeerClient = (address: string): PeerClient =>
  createClient(peerService, address) as unknown as PeerClient;
