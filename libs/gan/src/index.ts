export * from './architecture.js';
export * from './presets.js';
export * from './random.js';
export { copyFloats } from './copy-floats.js';
export type * from './layout.js';
export { layoutsFromOptions } from './layout.js';
export { assignWeights, createGan, disposeGan, type Gan } from './model.js';
export { initialState, initialWeights } from './initial.js';
export { createState, shadowOf, type NetworkState } from './network-state.js';
export { gridNoise, shardNoise } from './noise.js';
export { bytesFromImages, generateImages, imagesFromBytes } from './images.js';
export {
  discriminatorShardGradients,
  generatorShardGradients,
  type OnWritten,
  type ShardTimes,
} from './phases.js';
export { applyPhase, beginUpdate, type PhaseResult, type PhaseUpdate } from './optimizer.js';
