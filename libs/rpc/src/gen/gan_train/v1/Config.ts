// Original file: gan_train/v1/coordinator.proto

import type { DataInfo as _gan_train_v1_DataInfo, DataInfo__Output as _gan_train_v1_DataInfo__Output } from '../../gan_train/v1/DataInfo.js';
import type { Generation as _gan_train_v1_Generation, Generation__Output as _gan_train_v1_Generation__Output } from '../../gan_train/v1/Generation.js';

export interface Config {
  'runId'?: (string);
  'term'?: (number);
  'configJson'?: (string);
  'identityHash'?: (string);
  'data'?: (_gan_train_v1_DataInfo | null);
  'generation'?: (_gan_train_v1_Generation | null);
  'engine'?: (string);
}

export interface Config__Output {
  'runId': (string);
  'term': (number);
  'configJson': (string);
  'identityHash': (string);
  'data': (_gan_train_v1_DataInfo__Output | null);
  'generation': (_gan_train_v1_Generation__Output | null);
  'engine': (string);
}
