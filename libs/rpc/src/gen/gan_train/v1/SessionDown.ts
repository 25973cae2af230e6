// Original file: gan_train/v1/coordinator.proto

import type { Config as _gan_train_v1_Config, Config__Output as _gan_train_v1_Config__Output } from '../../gan_train/v1/Config.js';
import type { Prepare as _gan_train_v1_Prepare, Prepare__Output as _gan_train_v1_Prepare__Output } from '../../gan_train/v1/Prepare.js';
import type { Start as _gan_train_v1_Start, Start__Output as _gan_train_v1_Start__Output } from '../../gan_train/v1/Start.js';
import type { RowsStored as _gan_train_v1_RowsStored, RowsStored__Output as _gan_train_v1_RowsStored__Output } from '../../gan_train/v1/RowsStored.js';
import type { Stop as _gan_train_v1_Stop, Stop__Output as _gan_train_v1_Stop__Output } from '../../gan_train/v1/Stop.js';
import type { SaveState as _gan_train_v1_SaveState, SaveState__Output as _gan_train_v1_SaveState__Output } from '../../gan_train/v1/SaveState.js';
import type { Done as _gan_train_v1_Done, Done__Output as _gan_train_v1_Done__Output } from '../../gan_train/v1/Done.js';
import type { Refused as _gan_train_v1_Refused, Refused__Output as _gan_train_v1_Refused__Output } from '../../gan_train/v1/Refused.js';
import type { Pause as _gan_train_v1_Pause, Pause__Output as _gan_train_v1_Pause__Output } from '../../gan_train/v1/Pause.js';
import type { Probe as _gan_train_v1_Probe, Probe__Output as _gan_train_v1_Probe__Output } from '../../gan_train/v1/Probe.js';

export interface SessionDown {
  'config'?: (_gan_train_v1_Config | null);
  'prepare'?: (_gan_train_v1_Prepare | null);
  'start'?: (_gan_train_v1_Start | null);
  'rowsStored'?: (_gan_train_v1_RowsStored | null);
  'stop'?: (_gan_train_v1_Stop | null);
  'saveState'?: (_gan_train_v1_SaveState | null);
  'done'?: (_gan_train_v1_Done | null);
  'refused'?: (_gan_train_v1_Refused | null);
  'pause'?: (_gan_train_v1_Pause | null);
  'probe'?: (_gan_train_v1_Probe | null);
  'message'?: "config"|"prepare"|"start"|"rowsStored"|"stop"|"saveState"|"done"|"refused"|"pause"|"probe";
}

export interface SessionDown__Output {
  'config'?: (_gan_train_v1_Config__Output | null);
  'prepare'?: (_gan_train_v1_Prepare__Output | null);
  'start'?: (_gan_train_v1_Start__Output | null);
  'rowsStored'?: (_gan_train_v1_RowsStored__Output | null);
  'stop'?: (_gan_train_v1_Stop__Output | null);
  'saveState'?: (_gan_train_v1_SaveState__Output | null);
  'done'?: (_gan_train_v1_Done__Output | null);
  'refused'?: (_gan_train_v1_Refused__Output | null);
  'pause'?: (_gan_train_v1_Pause__Output | null);
  'probe'?: (_gan_train_v1_Probe__Output | null);
  'message'?: "config"|"prepare"|"start"|"rowsStored"|"stop"|"saveState"|"done"|"refused"|"pause"|"probe";
}
