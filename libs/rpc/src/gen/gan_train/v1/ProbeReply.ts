// Original file: gan_train/v1/peer.proto


export interface ProbeReply {
  'failure'?: (string);
}

export interface ProbeReply__Output {
  'failure': (string);
}
