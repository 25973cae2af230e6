// Original file: gan_train/v1/peer.proto


export interface ProbeRequest {
  'runId'?: (string);
  'back'?: (string);
}

export interface ProbeRequest__Output {
  'runId': (string);
  'back': (string);
}
