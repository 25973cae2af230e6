// Original file: gan_train/v1/coordinator.proto


export interface DataInfo {
  'items'?: (number);
  'itemBytes'?: (number);
  'hash'?: (string);
}

export interface DataInfo__Output {
  'items': (number);
  'itemBytes': (number);
  'hash': (string);
}
