// Original file: gan_train/v1/coordinator.proto

import type { Generation as _gan_train_v1_Generation, Generation__Output as _gan_train_v1_Generation__Output } from '../../gan_train/v1/Generation.js';

export interface GridHeader {
  'runId'?: (string);
  'generation'?: (_gan_train_v1_Generation | null);
  'step'?: (number);
  'images'?: (number);
  'size'?: (number);
  'channels'?: (number);
}

export interface GridHeader__Output {
  'runId': (string);
  'generation': (_gan_train_v1_Generation__Output | null);
  'step': (number);
  'images': (number);
  'size': (number);
  'channels': (number);
}
