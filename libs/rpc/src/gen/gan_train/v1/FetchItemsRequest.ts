// Original file: gan_train/v1/coordinator.proto


export interface FetchItemsRequest {
  'runId'?: (string);
  'indices'?: (number)[];
}

export interface FetchItemsRequest__Output {
  'runId': (string);
  'indices': (number)[];
}
