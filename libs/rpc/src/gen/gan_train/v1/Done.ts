// Original file: gan_train/v1/coordinator.proto


export interface Done {
  'reason'?: (string);
}

export interface Done__Output {
  'reason': (string);
}
