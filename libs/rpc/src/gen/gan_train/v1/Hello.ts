// Original file: gan_train/v1/coordinator.proto

import type { Engine as _gan_train_v1_Engine, Engine__Output as _gan_train_v1_Engine__Output } from '../../gan_train/v1/Engine.js';

export interface Hello {
  'incarnation'?: (string);
  'address'?: (string);
  'protocol'?: (number);
  'engines'?: (_gan_train_v1_Engine)[];
  'pid'?: (number);
  'host'?: (string);
  'runId'?: (string);
  'podUid'?: (string);
}

export interface Hello__Output {
  'incarnation': (string);
  'address': (string);
  'protocol': (number);
  'engines': (_gan_train_v1_Engine__Output)[];
  'pid': (number);
  'host': (string);
  'runId': (string);
  'podUid': (string);
}
