// Original file: gan_train/v1/coordinator.proto


export interface RowsStored {
  'step'?: (number);
  'gridStep'?: (number);
}

export interface RowsStored__Output {
  'step': (number);
  'gridStep': (number);
}
