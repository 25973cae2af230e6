import { loadPackageDefinition, type ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { fileURLToPath } from 'node:url';
import type { ProtoGrpcType } from './gen/coordinator.js';
import type { ProtoGrpcType as PeerGrpcType } from './gen/peer.js';

/** The version of the wire contract; a trainer with another one is refused at its hello. */
export const protocolVersion = 2;

const protoDir = fileURLToPath(new URL('../../../proto', import.meta.url));

function loadContract(): ProtoGrpcType & PeerGrpcType {
  // scripts/generate.mjs makes the types with the same options.
  const definition = loadSync(['gan_train/v1/coordinator.proto', 'gan_train/v1/peer.proto'], {
    includeDirs: [protoDir],
    longs: Number,
    enums: String,
    defaults: true,
    oneofs: true,
  });
  return loadPackageDefinition(definition) as unknown as ProtoGrpcType & PeerGrpcType;
}

const identity = (bytes: Buffer): Buffer => bytes;

/** Streams of `Chunk` stay bytes on both sides: chunk.ts writes and reads them without a copy through protobuf objects. */
function withRawAnswers<T extends ServiceDefinition>(service: T, ...methods: (keyof T)[]): T {
  const raw = methods.map((method) => [
    method,
    { ...service[method], responseSerialize: identity, responseDeserialize: identity },
  ]);
  return { ...service, ...(Object.fromEntries(raw) as Partial<T>) };
}

const contract = loadContract().gan_train.v1;

export const coordinatorService = withRawAnswers(contract.Coordinator.service, 'FetchItems');
export const peerService = withRawAnswers(contract.Peer.service, 'Pull', 'PullState');
