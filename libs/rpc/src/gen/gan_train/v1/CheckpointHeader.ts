// Original file: gan_train/v1/common.proto

import type { Generation as _gan_train_v1_Generation, Generation__Output as _gan_train_v1_Generation__Output } from '../../gan_train/v1/Generation.js';
import type { StateTriple as _gan_train_v1_StateTriple, StateTriple__Output as _gan_train_v1_StateTriple__Output } from '../../gan_train/v1/StateTriple.js';
import type { TensorInfo as _gan_train_v1_TensorInfo, TensorInfo__Output as _gan_train_v1_TensorInfo__Output } from '../../gan_train/v1/TensorInfo.js';
import type { LossRow as _gan_train_v1_LossRow, LossRow__Output as _gan_train_v1_LossRow__Output } from '../../gan_train/v1/LossRow.js';

// Original file: gan_train/v1/common.proto

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
  'state'?: (_gan_train_v1_StateTriple | null);
  'tensors'?: (_gan_train_v1_TensorInfo)[];
  'generatorUpdates'?: (number);
  'discriminatorUpdates'?: (number);
  'final'?: (boolean);
  'row'?: (_gan_train_v1_LossRow | null);
  'skippedInRow'?: (number);
}

export interface CheckpointHeader__Output {
  'runId': (string);
  'generation': (_gan_train_v1_Generation__Output | null);
  'purpose': (_gan_train_v1_CheckpointHeader_Purpose__Output);
  'state': (_gan_train_v1_StateTriple__Output | null);
  'tensors': (_gan_train_v1_TensorInfo__Output)[];
  'generatorUpdates': (number);
  'discriminatorUpdates': (number);
  'final': (boolean);
  'row': (_gan_train_v1_LossRow__Output | null);
  'skippedInRow': (number);
}
