// Original file: gan_train/v1/peer.proto

import type { Generation as _gan_train_v1_Generation, Generation__Output as _gan_train_v1_Generation__Output } from '../../gan_train/v1/Generation.js';

export interface DescribeStateRequest {
  'runId'?: (string);
  'generation'?: (_gan_train_v1_Generation | null);
}

export interface DescribeStateRequest__Output {
  'runId': (string);
  'generation': (_gan_train_v1_Generation__Output | null);
}
