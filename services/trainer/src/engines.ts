/** What this machine can compute with, found out without loading TensorFlow.js or an engine into this process. */
export { checkEngine } from './engine-check.js';
export { tfjsVersion } from './engine-identity.js';
export {
  byPreference,
  compareVersions,
  engineFolderName,
  engineRecordPath,
  loadEngineRecord,
  type EngineRecord,
} from './engine-record.js';
export { decideAuto, loadEngineReport, type EngineReport, type EngineStatus } from './engine-report.js';
export { engineSettingsFrom, type EngineName, type EngineSettings } from './engine-settings.js';
export { probeNative, type NativeFacts } from './native-search.js';
