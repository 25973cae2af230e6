// Original file: gan_train/v1/coordinator.proto


export interface RunInfo {
  'runId'?: (string);
  'directory'?: (string);
  'step'?: (number);
  'steps'?: (number);
  'items'?: (number);
  'batch'?: (number);
  'status'?: (string);
  'weightsHash'?: (string);
}

export interface RunInfo__Output {
  'runId': (string);
  'directory': (string);
  'step': (number);
  'steps': (number);
  'items': (number);
  'batch': (number);
  'status': (string);
  'weightsHash': (string);
}
