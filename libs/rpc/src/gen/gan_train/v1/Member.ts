// Original file: gan_train/v1/coordinator.proto


export interface Member {
  'incarnation'?: (string);
  'address'?: (string);
  'firstShard'?: (number);
  'shardCount'?: (number);
  'holds'?: (boolean);
}

export interface Member__Output {
  'incarnation': (string);
  'address': (string);
  'firstShard': (number);
  'shardCount': (number);
  'holds': (boolean);
}
