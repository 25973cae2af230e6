// Original file: gan_train/v1/coordinator.proto

import type { GridHeader as _gan_train_v1_GridHeader, GridHeader__Output as _gan_train_v1_GridHeader__Output } from '../../gan_train/v1/GridHeader.js';

export interface GridPiece {
  'header'?: (_gan_train_v1_GridHeader | null);
  'data'?: (Buffer | Uint8Array | string);
  'piece'?: "header"|"data";
}

export interface GridPiece__Output {
  'header'?: (_gan_train_v1_GridHeader__Output | null);
  'data'?: (Buffer);
  'piece'?: "header"|"data";
}
