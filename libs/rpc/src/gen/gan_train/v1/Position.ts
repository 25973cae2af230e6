// Original file: gan_train/v1/common.proto


export interface Position {
  'step'?: (number);
  'phase'?: (number);
}

export interface Position__Output {
  'step': (number);
  'phase': (number);
}
