export {
  startLocalCluster,
  type LocalCluster,
  type LocalClusterOptions,
  type Place,
} from './local-cluster.js';
export { largePages } from './member-process.js';
export { median, stepsFromLog } from './step-profiles.js';
