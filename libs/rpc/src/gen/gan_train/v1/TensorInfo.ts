// Original file: gan_train/v1/common.proto


export interface TensorInfo {
  'name'?: (string);
  'shape'?: (number)[];
}

export interface TensorInfo__Output {
  'name': (string);
  'shape': (number)[];
}
