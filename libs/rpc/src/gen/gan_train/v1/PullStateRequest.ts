// Original file: gan_train/v1/peer.proto

import type { Generation as _gan_train_v1_Generation, Generation__Output as _gan_train_v1_Generation__Output } from '../../gan_train/v1/Generation.js';
import type { Long } from '@grpc/proto-loader';

export interface PullStateRequest {
  'runId'?: (string);
  'generation'?: (_gan_train_v1_Generation | null);
  'start'?: (number | string | Long);
  'end'?: (number | string | Long);
  'inPlace'?: (boolean);
}

export interface PullStateRequest__Output {
  'runId': (string);
  'generation': (_gan_train_v1_Generation__Output | null);
  'start': (number);
  'end': (number);
  'inPlace': (boolean);
}
