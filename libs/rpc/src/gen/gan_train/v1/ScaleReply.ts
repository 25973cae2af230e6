// Original file: gan_train/v1/coordinator.proto


export interface ScaleReply {
  'before'?: (number);
}

export interface ScaleReply__Output {
  'before': (number);
}
