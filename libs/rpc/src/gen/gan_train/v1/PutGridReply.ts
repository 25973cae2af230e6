// Original file: gan_train/v1/coordinator.proto


export interface PutGridReply {
}

export interface PutGridReply__Output {
}
