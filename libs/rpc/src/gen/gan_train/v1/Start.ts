// Original file: gan_train/v1/coordinator.proto

import type { Generation as _gan_train_v1_Generation, Generation__Output as _gan_train_v1_Generation__Output } from '../../gan_train/v1/Generation.js';
import type { Member as _gan_train_v1_Member, Member__Output as _gan_train_v1_Member__Output } from '../../gan_train/v1/Member.js';
import type { StateTriple as _gan_train_v1_StateTriple, StateTriple__Output as _gan_train_v1_StateTriple__Output } from '../../gan_train/v1/StateTriple.js';

// Original file: gan_train/v1/coordinator.proto

export const _gan_train_v1_Start_Source = {
  SOURCE_UNSPECIFIED: 'SOURCE_UNSPECIFIED',
  HOLDERS: 'HOLDERS',
  CHECKPOINT: 'CHECKPOINT',
  INITIAL: 'INITIAL',
} as const;

export type _gan_train_v1_Start_Source =
  | 'SOURCE_UNSPECIFIED'
  | 0
  | 'HOLDERS'
  | 1
  | 'CHECKPOINT'
  | 2
  | 'INITIAL'
  | 3

export type _gan_train_v1_Start_Source__Output = typeof _gan_train_v1_Start_Source[keyof typeof _gan_train_v1_Start_Source]

export interface Start {
  'generation'?: (_gan_train_v1_Generation | null);
  'members'?: (_gan_train_v1_Member)[];
  'steps'?: (number);
  'state'?: (_gan_train_v1_StateTriple | null);
  'source'?: (_gan_train_v1_Start_Source);
}

export interface Start__Output {
  'generation': (_gan_train_v1_Generation__Output | null);
  'members': (_gan_train_v1_Member__Output)[];
  'steps': (number);
  'state': (_gan_train_v1_StateTriple__Output | null);
  'source': (_gan_train_v1_Start_Source__Output);
}
