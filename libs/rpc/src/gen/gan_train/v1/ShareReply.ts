// Original file: gan_train/v1/peer.proto


export interface ShareReply {
  'pid'?: (number);
  'fd'?: (number);
  'token'?: (Buffer | Uint8Array | string);
}

export interface ShareReply__Output {
  'pid': (number);
  'fd': (number);
  'token': (Buffer);
}
