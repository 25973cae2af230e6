// Original file: gan_train/v1/coordinator.proto

import type { StateTriple as _gan_train_v1_StateTriple, StateTriple__Output as _gan_train_v1_StateTriple__Output } from '../../gan_train/v1/StateTriple.js';

export interface Ready {
  'identityHash'?: (string);
  'probeHash'?: (string);
  'state'?: (_gan_train_v1_StateTriple | null);
  'engine'?: (string);
}

export interface Ready__Output {
  'identityHash': (string);
  'probeHash': (string);
  'state': (_gan_train_v1_StateTriple__Output | null);
  'engine': (string);
}
