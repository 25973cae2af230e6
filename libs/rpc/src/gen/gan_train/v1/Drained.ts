// Original file: gan_train/v1/coordinator.proto

import type { StateTriple as _gan_train_v1_StateTriple, StateTriple__Output as _gan_train_v1_StateTriple__Output } from '../../gan_train/v1/StateTriple.js';
import type { LossRow as _gan_train_v1_LossRow, LossRow__Output as _gan_train_v1_LossRow__Output } from '../../gan_train/v1/LossRow.js';
import type { Generation as _gan_train_v1_Generation, Generation__Output as _gan_train_v1_Generation__Output } from '../../gan_train/v1/Generation.js';

export interface Drained {
  'state'?: (_gan_train_v1_StateTriple | null);
  'rows'?: (_gan_train_v1_LossRow)[];
  'skippedInRow'?: (number);
  'generation'?: (_gan_train_v1_Generation | null);
}

export interface Drained__Output {
  'state': (_gan_train_v1_StateTriple__Output | null);
  'rows': (_gan_train_v1_LossRow__Output)[];
  'skippedInRow': (number);
  'generation': (_gan_train_v1_Generation__Output | null);
}
