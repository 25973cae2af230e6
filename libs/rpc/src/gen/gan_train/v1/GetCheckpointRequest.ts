// Original file: gan_train/v1/coordinator.proto


export interface GetCheckpointRequest {
  'runId'?: (string);
}

export interface GetCheckpointRequest__Output {
  'runId': (string);
}
