// Original file: gan_train/v1/coordinator.proto


// Original file: gan_train/v1/coordinator.proto

export const _gan_train_v1_FileStored_Kind = {
  KIND_UNSPECIFIED: 'KIND_UNSPECIFIED',
  GRID: 'GRID',
  CHECKPOINT: 'CHECKPOINT',
  WEIGHTS: 'WEIGHTS',
} as const;

export type _gan_train_v1_FileStored_Kind =
  | 'KIND_UNSPECIFIED'
  | 0
  | 'GRID'
  | 1
  | 'CHECKPOINT'
  | 2
  | 'WEIGHTS'
  | 3

export type _gan_train_v1_FileStored_Kind__Output = typeof _gan_train_v1_FileStored_Kind[keyof typeof _gan_train_v1_FileStored_Kind]

export interface FileStored {
  'kind'?: (_gan_train_v1_FileStored_Kind);
  'step'?: (number);
  'path'?: (string);
  'weightsHash'?: (string);
}

export interface FileStored__Output {
  'kind': (_gan_train_v1_FileStored_Kind__Output);
  'step': (number);
  'path': (string);
  'weightsHash': (string);
}
