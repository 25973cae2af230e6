// Original file: gan_train/v1/coordinator.proto


export interface StatusRequest {
  'runId'?: (string);
}

export interface StatusRequest__Output {
  'runId': (string);
}
