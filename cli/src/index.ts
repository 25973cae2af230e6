export {
  largePages,
  startLocalCluster,
  type LocalCluster,
  type LocalClusterOptions,
} from './local-cluster.js';
export { median } from './step-profiles.js';
