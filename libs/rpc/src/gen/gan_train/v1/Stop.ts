// Original file: gan_train/v1/coordinator.proto


export interface Stop {
}

export interface Stop__Output {
}
