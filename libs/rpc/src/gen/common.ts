import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { CheckpointHeader as _gan_train_v1_CheckpointHeader, CheckpointHeader__Output as _gan_train_v1_CheckpointHeader__Output } from './gan_train/v1/CheckpointHeader.js';
import type { Chunk as _gan_train_v1_Chunk, Chunk__Output as _gan_train_v1_Chunk__Output } from './gan_train/v1/Chunk.js';
import type { Generation as _gan_train_v1_Generation, Generation__Output as _gan_train_v1_Generation__Output } from './gan_train/v1/Generation.js';
import type { LossRow as _gan_train_v1_LossRow, LossRow__Output as _gan_train_v1_LossRow__Output } from './gan_train/v1/LossRow.js';
import type { Position as _gan_train_v1_Position, Position__Output as _gan_train_v1_Position__Output } from './gan_train/v1/Position.js';
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
      Generation: MessageTypeDefinition<_gan_train_v1_Generation, _gan_train_v1_Generation__Output>
      LossRow: MessageTypeDefinition<_gan_train_v1_LossRow, _gan_train_v1_LossRow__Output>
      Position: MessageTypeDefinition<_gan_train_v1_Position, _gan_train_v1_Position__Output>
      StateTriple: MessageTypeDefinition<_gan_train_v1_StateTriple, _gan_train_v1_StateTriple__Output>
      TensorInfo: MessageTypeDefinition<_gan_train_v1_TensorInfo, _gan_train_v1_TensorInfo__Output>
    }
  }
}

