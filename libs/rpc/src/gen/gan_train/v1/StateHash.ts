// Original file: gan_train/v1/coordinator.proto

import type { StateTriple as _gan_train_v1_StateTriple, StateTriple__Output as _gan_train_v1_StateTriple__Output } from '../../gan_train/v1/StateTriple.js';

export interface StateHash {
  'state'?: (_gan_train_v1_StateTriple | null);
  'hash'?: (string);
}

export interface StateHash__Output {
  'state': (_gan_train_v1_StateTriple__Output | null);
  'hash': (string);
}
