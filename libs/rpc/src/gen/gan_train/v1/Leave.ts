// Original file: gan_train/v1/coordinator.proto


export interface Leave {
  'graceSeconds'?: (number | string);
}

export interface Leave__Output {
  'graceSeconds': (number);
}
