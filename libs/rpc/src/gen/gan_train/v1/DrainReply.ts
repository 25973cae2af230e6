// Original file: gan_train/v1/coordinator.proto


export interface DrainReply {
}

export interface DrainReply__Output {
}
