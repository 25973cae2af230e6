// Original file: gan_train/v1/coordinator.proto


export interface Finished {
  'step'?: (number);
  'status'?: (string);
  'weightsHash'?: (string);
}

export interface Finished__Output {
  'step': (number);
  'status': (string);
  'weightsHash': (string);
}
