// Original file: gan_train/v1/coordinator.proto

import type { Generation as _gan_train_v1_Generation, Generation__Output as _gan_train_v1_Generation__Output } from '../../gan_train/v1/Generation.js';

export interface Probed {
  'generation'?: (_gan_train_v1_Generation | null);
  'unreachable'?: (string)[];
}

export interface Probed__Output {
  'generation': (_gan_train_v1_Generation__Output | null);
  'unreachable': (string)[];
}
