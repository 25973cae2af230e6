// Original file: gan_train/v1/coordinator.proto


export interface TrainersWanted {
  'trainers'?: (number);
}

export interface TrainersWanted__Output {
  'trainers': (number);
}
