// Original file: gan_train/v1/coordinator.proto

import type { Generation as _gan_train_v1_Generation, Generation__Output as _gan_train_v1_Generation__Output } from '../../gan_train/v1/Generation.js';
import type { Member as _gan_train_v1_Member, Member__Output as _gan_train_v1_Member__Output } from '../../gan_train/v1/Member.js';

export interface Probe {
  'generation'?: (_gan_train_v1_Generation | null);
  'members'?: (_gan_train_v1_Member)[];
}

export interface Probe__Output {
  'generation': (_gan_train_v1_Generation__Output | null);
  'members': (_gan_train_v1_Member__Output)[];
}
