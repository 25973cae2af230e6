// Original file: gan_train/v1/coordinator.proto

import type { RunInfo as _gan_train_v1_RunInfo, RunInfo__Output as _gan_train_v1_RunInfo__Output } from '../../gan_train/v1/RunInfo.js';
import type { LossRow as _gan_train_v1_LossRow, LossRow__Output as _gan_train_v1_LossRow__Output } from '../../gan_train/v1/LossRow.js';
import type { FileStored as _gan_train_v1_FileStored, FileStored__Output as _gan_train_v1_FileStored__Output } from '../../gan_train/v1/FileStored.js';
import type { GenerationStarted as _gan_train_v1_GenerationStarted, GenerationStarted__Output as _gan_train_v1_GenerationStarted__Output } from '../../gan_train/v1/GenerationStarted.js';
import type { Finished as _gan_train_v1_Finished, Finished__Output as _gan_train_v1_Finished__Output } from '../../gan_train/v1/Finished.js';
import type { Failed as _gan_train_v1_Failed, Failed__Output as _gan_train_v1_Failed__Output } from '../../gan_train/v1/Failed.js';
import type { Note as _gan_train_v1_Note, Note__Output as _gan_train_v1_Note__Output } from '../../gan_train/v1/Note.js';
import type { TrainersWanted as _gan_train_v1_TrainersWanted, TrainersWanted__Output as _gan_train_v1_TrainersWanted__Output } from '../../gan_train/v1/TrainersWanted.js';

export interface Event {
  'time'?: (number | string);
  'run'?: (_gan_train_v1_RunInfo | null);
  'row'?: (_gan_train_v1_LossRow | null);
  'file'?: (_gan_train_v1_FileStored | null);
  'generation'?: (_gan_train_v1_GenerationStarted | null);
  'finished'?: (_gan_train_v1_Finished | null);
  'failed'?: (_gan_train_v1_Failed | null);
  'note'?: (_gan_train_v1_Note | null);
  'wanted'?: (_gan_train_v1_TrainersWanted | null);
  'event'?: "run"|"row"|"file"|"generation"|"finished"|"failed"|"note"|"wanted";
}

export interface Event__Output {
  'time': (number);
  'run'?: (_gan_train_v1_RunInfo__Output | null);
  'row'?: (_gan_train_v1_LossRow__Output | null);
  'file'?: (_gan_train_v1_FileStored__Output | null);
  'generation'?: (_gan_train_v1_GenerationStarted__Output | null);
  'finished'?: (_gan_train_v1_Finished__Output | null);
  'failed'?: (_gan_train_v1_Failed__Output | null);
  'note'?: (_gan_train_v1_Note__Output | null);
  'wanted'?: (_gan_train_v1_TrainersWanted__Output | null);
  'event'?: "run"|"row"|"file"|"generation"|"finished"|"failed"|"note"|"wanted";
}
