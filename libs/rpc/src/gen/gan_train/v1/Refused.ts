// Original file: gan_train/v1/coordinator.proto


export interface Refused {
  'code'?: (string);
  'message'?: (string);
}

export interface Refused__Output {
  'code': (string);
  'message': (string);
}
