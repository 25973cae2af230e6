// Original file: gan_train/v1/coordinator.proto


export interface WatchRequest {
  'runId'?: (string);
  'afterStep'?: (number);
}

export interface WatchRequest__Output {
  'runId': (string);
  'afterStep': (number);
}
