// Original file: gan_train/v1/coordinator.proto


export interface ScaleRequest {
  'runId'?: (string);
  'trainers'?: (number);
}

export interface ScaleRequest__Output {
  'runId': (string);
  'trainers': (number);
}
