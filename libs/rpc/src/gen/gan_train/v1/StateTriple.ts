// Original file: gan_train/v1/common.proto

import type { Generation as _gan_train_v1_Generation, Generation__Output as _gan_train_v1_Generation__Output } from '../../gan_train/v1/Generation.js';
import type { Position as _gan_train_v1_Position, Position__Output as _gan_train_v1_Position__Output } from '../../gan_train/v1/Position.js';

export interface StateTriple {
  'generation'?: (_gan_train_v1_Generation | null);
  'position'?: (_gan_train_v1_Position | null);
}

export interface StateTriple__Output {
  'generation': (_gan_train_v1_Generation__Output | null);
  'position': (_gan_train_v1_Position__Output | null);
}
