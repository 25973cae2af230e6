// Original file: gan_train/v1/coordinator.proto


export interface GetCheckpointRequest {
  'runId'?: (string);
  'term'?: (number);
}

export interface GetCheckpointRequest__Output {
  'runId': (string);
  'term': (number);
}
