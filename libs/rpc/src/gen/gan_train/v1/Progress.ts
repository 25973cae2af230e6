// Original file: gan_train/v1/coordinator.proto

import type { Generation as _gan_train_v1_Generation, Generation__Output as _gan_train_v1_Generation__Output } from '../../gan_train/v1/Generation.js';
import type { Position as _gan_train_v1_Position, Position__Output as _gan_train_v1_Position__Output } from '../../gan_train/v1/Position.js';
import type { LossRow as _gan_train_v1_LossRow, LossRow__Output as _gan_train_v1_LossRow__Output } from '../../gan_train/v1/LossRow.js';
import type { StateTriple as _gan_train_v1_StateTriple, StateTriple__Output as _gan_train_v1_StateTriple__Output } from '../../gan_train/v1/StateTriple.js';

// Original file: gan_train/v1/coordinator.proto

export const _gan_train_v1_Progress_Activity = {
  ACTIVITY_UNSPECIFIED: 'ACTIVITY_UNSPECIFIED',
  IDLE: 'IDLE',
  COMPUTING: 'COMPUTING',
  WAITING_PEER: 'WAITING_PEER',
  WAITING_DATA: 'WAITING_DATA',
  COMPILING: 'COMPILING',
  HEALING: 'HEALING',
} as const;

export type _gan_train_v1_Progress_Activity =
  | 'ACTIVITY_UNSPECIFIED'
  | 0
  | 'IDLE'
  | 1
  | 'COMPUTING'
  | 2
  | 'WAITING_PEER'
  | 3
  | 'WAITING_DATA'
  | 4
  | 'COMPILING'
  | 5
  | 'HEALING'
  | 6

export type _gan_train_v1_Progress_Activity__Output = typeof _gan_train_v1_Progress_Activity[keyof typeof _gan_train_v1_Progress_Activity]

export interface Progress {
  'generation'?: (_gan_train_v1_Generation | null);
  'position'?: (_gan_train_v1_Position | null);
  'activity'?: (_gan_train_v1_Progress_Activity);
  'shardsDone'?: (number);
  'rows'?: (_gan_train_v1_LossRow)[];
  'state'?: (_gan_train_v1_StateTriple | null);
  'shardSeconds'?: (number | string);
  'waitingFor'?: (number)[];
  'unreachable'?: (number)[];
}

export interface Progress__Output {
  'generation': (_gan_train_v1_Generation__Output | null);
  'position': (_gan_train_v1_Position__Output | null);
  'activity': (_gan_train_v1_Progress_Activity__Output);
  'shardsDone': (number);
  'rows': (_gan_train_v1_LossRow__Output)[];
  'state': (_gan_train_v1_StateTriple__Output | null);
  'shardSeconds': (number);
  'waitingFor': (number)[];
  'unreachable': (number)[];
}
