// Original file: gan_train/v1/coordinator.proto

import type { Hello as _gan_train_v1_Hello, Hello__Output as _gan_train_v1_Hello__Output } from '../../gan_train/v1/Hello.js';
import type { Ready as _gan_train_v1_Ready, Ready__Output as _gan_train_v1_Ready__Output } from '../../gan_train/v1/Ready.js';
import type { Progress as _gan_train_v1_Progress, Progress__Output as _gan_train_v1_Progress__Output } from '../../gan_train/v1/Progress.js';
import type { Prepared as _gan_train_v1_Prepared, Prepared__Output as _gan_train_v1_Prepared__Output } from '../../gan_train/v1/Prepared.js';
import type { Drained as _gan_train_v1_Drained, Drained__Output as _gan_train_v1_Drained__Output } from '../../gan_train/v1/Drained.js';
import type { Failed as _gan_train_v1_Failed, Failed__Output as _gan_train_v1_Failed__Output } from '../../gan_train/v1/Failed.js';
import type { Leave as _gan_train_v1_Leave, Leave__Output as _gan_train_v1_Leave__Output } from '../../gan_train/v1/Leave.js';
import type { Probed as _gan_train_v1_Probed, Probed__Output as _gan_train_v1_Probed__Output } from '../../gan_train/v1/Probed.js';
import type { StateHash as _gan_train_v1_StateHash, StateHash__Output as _gan_train_v1_StateHash__Output } from '../../gan_train/v1/StateHash.js';

export interface SessionUp {
  'hello'?: (_gan_train_v1_Hello | null);
  'ready'?: (_gan_train_v1_Ready | null);
  'progress'?: (_gan_train_v1_Progress | null);
  'prepared'?: (_gan_train_v1_Prepared | null);
  'drained'?: (_gan_train_v1_Drained | null);
  'failed'?: (_gan_train_v1_Failed | null);
  'leave'?: (_gan_train_v1_Leave | null);
  'probed'?: (_gan_train_v1_Probed | null);
  'stateHash'?: (_gan_train_v1_StateHash | null);
  'message'?: "hello"|"ready"|"progress"|"prepared"|"drained"|"failed"|"leave"|"probed"|"stateHash";
}

export interface SessionUp__Output {
  'hello'?: (_gan_train_v1_Hello__Output | null);
  'ready'?: (_gan_train_v1_Ready__Output | null);
  'progress'?: (_gan_train_v1_Progress__Output | null);
  'prepared'?: (_gan_train_v1_Prepared__Output | null);
  'drained'?: (_gan_train_v1_Drained__Output | null);
  'failed'?: (_gan_train_v1_Failed__Output | null);
  'leave'?: (_gan_train_v1_Leave__Output | null);
  'probed'?: (_gan_train_v1_Probed__Output | null);
  'stateHash'?: (_gan_train_v1_StateHash__Output | null);
  'message'?: "hello"|"ready"|"progress"|"prepared"|"drained"|"failed"|"leave"|"probed"|"stateHash";
}
