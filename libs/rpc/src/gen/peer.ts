import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { Chunk as _gan_train_v1_Chunk, Chunk__Output as _gan_train_v1_Chunk__Output } from './gan_train/v1/Chunk.js';
import type { Generation as _gan_train_v1_Generation, Generation__Output as _gan_train_v1_Generation__Output } from './gan_train/v1/Generation.js';
import type { PeerClient as _gan_train_v1_PeerClient, PeerDefinition as _gan_train_v1_PeerDefinition } from './gan_train/v1/Peer.js';
import type { Position as _gan_train_v1_Position, Position__Output as _gan_train_v1_Position__Output } from './gan_train/v1/Position.js';
import type { PullRequest as _gan_train_v1_PullRequest, PullRequest__Output as _gan_train_v1_PullRequest__Output } from './gan_train/v1/PullRequest.js';
import type { ShareReply as _gan_train_v1_ShareReply, ShareReply__Output as _gan_train_v1_ShareReply__Output } from './gan_train/v1/ShareReply.js';
import type { ShareRequest as _gan_train_v1_ShareRequest, ShareRequest__Output as _gan_train_v1_ShareRequest__Output } from './gan_train/v1/ShareRequest.js';
import type { StateTriple as _gan_train_v1_StateTriple, StateTriple__Output as _gan_train_v1_StateTriple__Output } from './gan_train/v1/StateTriple.js';
import type { TensorInfo as _gan_train_v1_TensorInfo, TensorInfo__Output as _gan_train_v1_TensorInfo__Output } from './gan_train/v1/TensorInfo.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  gan_train: {
    v1: {
      Chunk: MessageTypeDefinition<_gan_train_v1_Chunk, _gan_train_v1_Chunk__Output>
      Generation: MessageTypeDefinition<_gan_train_v1_Generation, _gan_train_v1_Generation__Output>
      Peer: SubtypeConstructor<typeof grpc.Client, _gan_train_v1_PeerClient> & { service: _gan_train_v1_PeerDefinition }
      Position: MessageTypeDefinition<_gan_train_v1_Position, _gan_train_v1_Position__Output>
      PullRequest: MessageTypeDefinition<_gan_train_v1_PullRequest, _gan_train_v1_PullRequest__Output>
      ShareReply: MessageTypeDefinition<_gan_train_v1_ShareReply, _gan_train_v1_ShareReply__Output>
      ShareRequest: MessageTypeDefinition<_gan_train_v1_ShareRequest, _gan_train_v1_ShareRequest__Output>
      StateTriple: MessageTypeDefinition<_gan_train_v1_StateTriple, _gan_train_v1_StateTriple__Output>
      TensorInfo: MessageTypeDefinition<_gan_train_v1_TensorInfo, _gan_train_v1_TensorInfo__Output>
    }
  }
}

