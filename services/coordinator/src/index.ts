export { continuedConfig } from './continued-config.js';
export { coordinatorMain, type CoordinatorOptions } from './main.js';
export { hasEnded, loadLive, loadRunConfig, loadRunRecord, runExists, type RunRecord } from './run-files.js';
export { encodeGrid } from './grid.js';
