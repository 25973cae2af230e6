// Original file: gan_train/v1/coordinator.proto


export interface Note {
  'message'?: (string);
  'reason'?: (string);
}

export interface Note__Output {
  'message': (string);
  'reason': (string);
}
