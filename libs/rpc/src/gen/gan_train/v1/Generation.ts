// Original file: gan_train/v1/common.proto


export interface Generation {
  'term'?: (number);
  'n'?: (number);
}

export interface Generation__Output {
  'term': (number);
  'n': (number);
}
