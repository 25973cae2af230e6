// Original file: gan_train/v1/coordinator.proto

import type { DataInfo as _gan_train_v1_DataInfo, DataInfo__Output as _gan_train_v1_DataInfo__Output } from '../../gan_train/v1/DataInfo.js';
import type { StateTriple as _gan_train_v1_StateTriple, StateTriple__Output as _gan_train_v1_StateTriple__Output } from '../../gan_train/v1/StateTriple.js';

export interface Config {
  'runId'?: (string);
  'term'?: (number);
  'configJson'?: (string);
  'identityHash'?: (string);
  'data'?: (_gan_train_v1_DataInfo | null);
  'state'?: (_gan_train_v1_StateTriple | null);
  'engine'?: (string);
  'hasCheckpoint'?: (boolean);
}

export interface Config__Output {
  'runId': (string);
  'term': (number);
  'configJson': (string);
  'identityHash': (string);
  'data': (_gan_train_v1_DataInfo__Output | null);
  'state': (_gan_train_v1_StateTriple__Output | null);
  'engine': (string);
  'hasCheckpoint': (boolean);
}
