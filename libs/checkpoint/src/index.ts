export { removeTemporaries, writeFileAtomic } from './files.js';
export {
  encodeKerasWeights,
  loadKerasWeights,
  type EncodeKerasOptions,
  type LoadedKerasLayer,
  type LoadKerasOptions,
} from './keras-h5.js';
export { renameByOrder, type DataFormat, type FirstDense, type KerasLayer } from './keras-layers.js';
export { cleanCheckpoints, nameOfStep, stateFile } from './layout.js';
export {
  appendLossRows,
  cutBackLossRows,
  lastLossStep,
  loadLossRows,
  lossHeader,
  type LossRow,
} from './loss-csv.js';
export { type CheckpointFile, type CheckpointInfo, type Manifest } from './manifest.js';
export { decodeNpy, encodeNpy } from './npy.js';
export {
  encodeSafetensorsHeader,
  loadSafetensors,
  parseSafetensorsHeader,
  sortSpecs,
  type NamedTensor,
  type SafetensorsHeader,
  type TensorEntry,
  type TensorSpec,
} from './safetensors.js';
export {
  loadCheckpoint,
  newestCheckpoint,
  pruneCheckpoints,
  verifyCheckpoint,
  type FoundCheckpoint,
  type NewestOptions,
} from './store.js';
export {
  checkpointPoints,
  createCheckpointWriter,
  type CheckpointPoint,
  type CheckpointWriter,
  type CheckpointWriterOptions,
} from './writer.js';
