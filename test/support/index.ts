export {
  closings,
  clusterStarter,
  compareRuns,
  endClusters,
  endWell,
  expectFired,
  expectSameRun,
  said,
  startTestCluster,
  trainReference,
  type Reference,
  type TestCluster,
} from './cluster.js';
export {
  eventsFrom,
  gan,
  startCommand,
  trainArgs,
  type CommandResult,
  type ReportedEvent,
  type RunningCommand,
} from './command.js';
export { bucketLengths, endless, flagsFrom, slow, tinyDcgan, tinySeed, type Asked } from './configs.js';
export {
  interpolated,
  loadDashboards,
  loadRules,
  metricsIn,
  queriesOf,
  rulesFile,
  type Dashboard,
  type Query,
  type Rule,
} from './dashboards.js';
export { contentsOf, directoryOfTests, exists } from './directory.js';
export { expectUndisturbed, trainUndisturbed } from './expect-undisturbed.js';
export { fakeNative, writeFakeTools } from './fake-tools.js';
export { png, writeImages } from './images.js';
export { createLink, type Link } from './link.js';
export { scrape, stepsCommitted, type Scrape } from './metrics.js';
export { createRandom, type Random } from './random.js';
export {
  checkpointSteps,
  countTo,
  csvOf,
  inspected,
  liveOf,
  logLines,
  logText,
  lossesOf,
  readJson,
  stepsOf,
  trained,
  trainersOf,
  type TrainedRun,
} from './run-files.js';
export { isAlive, setupMs, until, untilGone } from './until.js';
