// Original file: gan_train/v1/coordinator.proto


export interface PutCheckpointReply {
  'weightsHash'?: (string);
}

export interface PutCheckpointReply__Output {
  'weightsHash': (string);
}
