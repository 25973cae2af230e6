// Original file: gan_train/v1/peer.proto

import type { Generation as _gan_train_v1_Generation, Generation__Output as _gan_train_v1_Generation__Output } from '../../gan_train/v1/Generation.js';
import type { Position as _gan_train_v1_Position, Position__Output as _gan_train_v1_Position__Output } from '../../gan_train/v1/Position.js';

// Original file: gan_train/v1/peer.proto

export const _gan_train_v1_PullRequest_Kind = {
  KIND_UNSPECIFIED: 'KIND_UNSPECIFIED',
  PARTIAL: 'PARTIAL',
  REDUCED: 'REDUCED',
} as const;

export type _gan_train_v1_PullRequest_Kind =
  | 'KIND_UNSPECIFIED'
  | 0
  | 'PARTIAL'
  | 1
  | 'REDUCED'
  | 2

export type _gan_train_v1_PullRequest_Kind__Output = typeof _gan_train_v1_PullRequest_Kind[keyof typeof _gan_train_v1_PullRequest_Kind]

export interface PullRequest {
  'runId'?: (string);
  'generation'?: (_gan_train_v1_Generation | null);
  'position'?: (_gan_train_v1_Position | null);
  'kind'?: (_gan_train_v1_PullRequest_Kind);
  'bucket'?: (number);
  'part'?: (number);
  'inPlace'?: (boolean);
}

export interface PullRequest__Output {
  'runId': (string);
  'generation': (_gan_train_v1_Generation__Output | null);
  'position': (_gan_train_v1_Position__Output | null);
  'kind': (_gan_train_v1_PullRequest_Kind__Output);
  'bucket': (number);
  'part': (number);
  'inPlace': (boolean);
}
