// Original file: gan_train/v1/coordinator.proto

import type { RunInfo as _gan_train_v1_RunInfo, RunInfo__Output as _gan_train_v1_RunInfo__Output } from '../../gan_train/v1/RunInfo.js';
import type { Generation as _gan_train_v1_Generation, Generation__Output as _gan_train_v1_Generation__Output } from '../../gan_train/v1/Generation.js';
import type { TrainerStatus as _gan_train_v1_TrainerStatus, TrainerStatus__Output as _gan_train_v1_TrainerStatus__Output } from '../../gan_train/v1/TrainerStatus.js';
import type { LossRow as _gan_train_v1_LossRow, LossRow__Output as _gan_train_v1_LossRow__Output } from '../../gan_train/v1/LossRow.js';
import type { Event as _gan_train_v1_Event, Event__Output as _gan_train_v1_Event__Output } from '../../gan_train/v1/Event.js';

export interface StatusReply {
  'run'?: (_gan_train_v1_RunInfo | null);
  'generation'?: (_gan_train_v1_Generation | null);
  'doing'?: (string);
  'trainersWanted'?: (number);
  'trainers'?: (_gan_train_v1_TrainerStatus)[];
  'row'?: (_gan_train_v1_LossRow | null);
  'events'?: (_gan_train_v1_Event)[];
  'configJson'?: (string);
}

export interface StatusReply__Output {
  'run': (_gan_train_v1_RunInfo__Output | null);
  'generation': (_gan_train_v1_Generation__Output | null);
  'doing': (string);
  'trainersWanted': (number);
  'trainers': (_gan_train_v1_TrainerStatus__Output)[];
  'row': (_gan_train_v1_LossRow__Output | null);
  'events': (_gan_train_v1_Event__Output)[];
  'configJson': (string);
}
