// Original file: gan_train/v1/coordinator.proto

import type { CheckpointHeader as _gan_train_v1_CheckpointHeader, CheckpointHeader__Output as _gan_train_v1_CheckpointHeader__Output } from '../../gan_train/v1/CheckpointHeader.js';

export interface CheckpointPiece {
  'header'?: (_gan_train_v1_CheckpointHeader | null);
  'data'?: (Buffer | Uint8Array | string);
  'piece'?: "header"|"data";
}

export interface CheckpointPiece__Output {
  'header'?: (_gan_train_v1_CheckpointHeader__Output | null);
  'data'?: (Buffer);
  'piece'?: "header"|"data";
}
