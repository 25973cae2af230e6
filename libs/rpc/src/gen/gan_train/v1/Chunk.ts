// Original file: gan_train/v1/common.proto


export interface Chunk {
  'offset'?: (number);
  'data'?: (Buffer | Uint8Array | string);
}

export interface Chunk__Output {
  'offset': (number);
  'data': (Buffer);
}
