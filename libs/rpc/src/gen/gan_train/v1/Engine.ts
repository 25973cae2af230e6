// Original file: gan_train/v1/coordinator.proto


export interface Engine {
  'name'?: (string);
  'identity'?: (string);
}

export interface Engine__Output {
  'name': (string);
  'identity': (string);
}
