import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { CheckpointHeader as _gan_train_v1_CheckpointHeader, CheckpointHeader__Output as _gan_train_v1_CheckpointHeader__Output } from './gan_train/v1/CheckpointHeader.js';
import type { Chunk as _gan_train_v1_Chunk, Chunk__Output as _gan_train_v1_Chunk__Output } from './gan_train/v1/Chunk.js';
import type { DescribeStateRequest as _gan_train_v1_DescribeStateRequest, DescribeStateRequest__Output as _gan_train_v1_DescribeStateRequest__Output } from './gan_train/v1/DescribeStateRequest.js';
import type { Generation as _gan_train_v1_Generation, Generation__Output as _gan_train_v1_Generation__Output } from './gan_train/v1/Generation.js';
import type { LossRow as _gan_train_v1_LossRow, LossRow__Output as _gan_train_v1_LossRow__Output } from './gan_train/v1/LossRow.js';
import type { PeerClient as _gan_train_v1_PeerClient, PeerDefinition as _gan_train_v1_PeerDefinition } from './gan_train/v1/Peer.js';
import type { Position as _gan_train_v1_Position, Position__Output as _gan_train_v1_Position__Output } from './gan_train/v1/Position.js';
import type { ProbeReply as _gan_train_v1_ProbeReply, ProbeReply__Output as _gan_train_v1_ProbeReply__Output } from './gan_train/v1/ProbeReply.js';
import type { ProbeRequest as _gan_train_v1_ProbeRequest, ProbeRequest__Output as _gan_train_v1_ProbeRequest__Output } from './gan_train/v1/ProbeRequest.js';
import type { PullRequest as _gan_train_v1_PullRequest, PullRequest__Output as _gan_train_v1_PullRequest__Output } from './gan_train/v1/PullRequest.js';
import type { PullStateRequest as _gan_train_v1_PullStateRequest, PullStateRequest__Output as _gan_train_v1_PullStateRequest__Output } from './gan_train/v1/PullStateRequest.js';
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
      CheckpointHeader: MessageTypeDefinition<_gan_train_v1_CheckpointHeader, _gan_train_v1_CheckpointHeader__Output>
      Chunk: MessageTypeDefinition<_gan_train_v1_Chunk, _gan_train_v1_Chunk__Output>
      DescribeStateRequest: MessageTypeDefinition<_gan_train_v1_DescribeStateRequest, _gan_train_v1_DescribeStateRequest__Output>
      Generation: MessageTypeDefinition<_gan_train_v1_Generation, _gan_train_v1_Generation__Output>
      LossRow: MessageTypeDefinition<_gan_train_v1_LossRow, _gan_train_v1_LossRow__Output>
      Peer: SubtypeConstructor<typeof grpc.Client, _gan_train_v1_PeerClient> & { service: _gan_train_v1_PeerDefinition }
      Position: MessageTypeDefinition<_gan_train_v1_Position, _gan_train_v1_Position__Output>
      ProbeReply: MessageTypeDefinition<_gan_train_v1_ProbeReply, _gan_train_v1_ProbeReply__Output>
      ProbeRequest: MessageTypeDefinition<_gan_train_v1_ProbeRequest, _gan_train_v1_ProbeRequest__Output>
      PullRequest: MessageTypeDefinition<_gan_train_v1_PullRequest, _gan_train_v1_PullRequest__Output>
      PullStateRequest: MessageTypeDefinition<_gan_train_v1_PullStateRequest, _gan_train_v1_PullStateRequest__Output>
      ShareReply: MessageTypeDefinition<_gan_train_v1_ShareReply, _gan_train_v1_ShareReply__Output>
      ShareRequest: MessageTypeDefinition<_gan_train_v1_ShareRequest, _gan_train_v1_ShareRequest__Output>
      StateTriple: MessageTypeDefinition<_gan_train_v1_StateTriple, _gan_train_v1_StateTriple__Output>
      TensorInfo: MessageTypeDefinition<_gan_train_v1_TensorInfo, _gan_train_v1_TensorInfo__Output>
    }
  }
}

