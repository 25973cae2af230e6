export { GanTrainError, errorCodes, type ErrorCode } from './errors.js';
