// Original file: gan_train/v1/coordinator.proto


export interface DrainRequest {
  'runId'?: (string);
  'reason'?: (string);
}

export interface DrainRequest__Output {
  'runId': (string);
  'reason': (string);
}
