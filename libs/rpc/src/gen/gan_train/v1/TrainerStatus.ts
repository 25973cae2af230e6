// Original file: gan_train/v1/coordinator.proto

import type { Position as _gan_train_v1_Position, Position__Output as _gan_train_v1_Position__Output } from '../../gan_train/v1/Position.js';
import type { _gan_train_v1_Progress_Activity, _gan_train_v1_Progress_Activity__Output } from '../../gan_train/v1/Progress.js';

export interface TrainerStatus {
  'incarnation'?: (string);
  'address'?: (string);
  'pid'?: (number);
  'host'?: (string);
  'role'?: (string);
  'rank'?: (number);
  'firstShard'?: (number);
  'shardCount'?: (number);
  'position'?: (_gan_train_v1_Position | null);
  'activity'?: (_gan_train_v1_Progress_Activity);
  'shardsDone'?: (number);
  'waitingFor'?: (string)[];
  'silentSeconds'?: (number | string);
}

export interface TrainerStatus__Output {
  'incarnation': (string);
  'address': (string);
  'pid': (number);
  'host': (string);
  'role': (string);
  'rank': (number);
  'firstShard': (number);
  'shardCount': (number);
  'position': (_gan_train_v1_Position__Output | null);
  'activity': (_gan_train_v1_Progress_Activity__Output);
  'shardsDone': (number);
  'waitingFor': (string)[];
  'silentSeconds': (number);
}
