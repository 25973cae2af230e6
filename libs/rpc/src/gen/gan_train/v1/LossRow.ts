// Original file: gan_train/v1/common.proto


export interface LossRow {
  'step'?: (number);
  'dLoss'?: (number | string);
  'gLoss'?: (number | string);
  'dReal'?: (number | string);
  'dFake'?: (number | string);
  'imagesPerSecond'?: (number | string);
  'skippedPhases'?: (number);
}

export interface LossRow__Output {
  'step': (number);
  'dLoss': (number);
  'gLoss': (number);
  'dReal': (number);
  'dFake': (number);
  'imagesPerSecond': (number);
  'skippedPhases': (number);
}
