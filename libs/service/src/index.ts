export { unlessAborted, untilAborted } from './aborted.js';
export {
  adamFromConfig,
  hashFromIdentity,
  identityDifferences,
  identityFromConfig,
  loadConfigFile,
  mergeAsked,
  modelFromConfig,
  resolveConfig,
  yamlFromConfig,
  type Identity,
  type RunConfig,
} from './config.js';
export { GanTrainError, errorCodes, type ErrorCode } from './errors.js';
export {
  createFaults,
  faultsFromText,
  faultSign,
  faultsVariable,
  noFaults,
  type Fault,
  type FaultPoint,
  type Faults,
} from './faults.js';
export { startHttpServer, type HttpServer, type HttpSource } from './http.js';
export { createLogger, logLevelVariable, type Logger } from './log.js';
export {
  flagFromOption,
  mostTrainers,
  optionNames,
  options,
  valueFromText,
  type AskedConfig,
  type OptionKind,
  type OptionName,
} from './options.js';
export { isFreePort, requireFreePort } from './ports.js';
export { runMain, tellParent, withTimeout } from './process.js';
export { rarely } from './rarely.js';
export { plural } from './words.js';
