// Original file: gan_train/v1/coordinator.proto

import type { Generation as _gan_train_v1_Generation, Generation__Output as _gan_train_v1_Generation__Output } from '../../gan_train/v1/Generation.js';
import type { Position as _gan_train_v1_Position, Position__Output as _gan_train_v1_Position__Output } from '../../gan_train/v1/Position.js';
import type { TensorInfo as _gan_train_v1_TensorInfo, TensorInfo__Output as _gan_train_v1_TensorInfo__Output } from '../../gan_train/v1/TensorInfo.js';
import type { LossRow as _gan_train_v1_LossRow, LossRow__Output as _gan_train_v1_LossRow__Output } from '../../gan_train/v1/LossRow.js';

// Original file: gan_train/v1/coordinator.proto

export const _gan_train_v1_CheckpointHeader_Purpose = {
  PURPOSE_UNSPECIFIED: 'PURPOSE_UNSPECIFIED',
  CHECKPOINT: 'CHECKPOINT',
  WEIGHTS: 'WEIGHTS',
} as const;

export type _gan_train_v1_CheckpointHeader_Purpose =
  | 'PURPOSE_UNSPECIFIED'
  | 0
  | 'CHECKPOINT'
  | 1
  | 'WEIGHTS'
  | 2

export type _gan_train_v1_CheckpointHeader_Purpose__Output = typeof _gan_train_v1_CheckpointHeader_Purpose[keyof typeof _gan_train_v1_CheckpointHeader_Purpose]

export interface CheckpointHeader {
  'runId'?: (string);
  'generation'?: (_gan_train_v1_Generation | null);
  'purpose'?: (_gan_train_v1_CheckpointHeader_Purpose);
  'position'?: (_gan_train_v1_Position | null);
  'tensors'?: (_gan_train_v1_TensorInfo)[];
  'generatorUpdates'?: (number);
  'discriminatorUpdates'?: (number);
  'final'?: (boolean);
  'row'?: (_gan_train_v1_LossRow | null);
}

export interface CheckpointHeader__Output {
  'runId': (string);
  'generation': (_gan_train_v1_Generation__Output | null);
  'purpose': (_gan_train_v1_CheckpointHeader_Purpose__Output);
  'position': (_gan_train_v1_Position__Output | null);
  'tensors': (_gan_train_v1_TensorInfo__Output)[];
  'generatorUpdates': (number);
  'discriminatorUpdates': (number);
  'final': (boolean);
  'row': (_gan_train_v1_LossRow__Output | null);
}
