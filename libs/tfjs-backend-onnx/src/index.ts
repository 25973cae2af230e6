export { kernelRulesVersion } from './conv/algorithm.js';
export type { OnnxBackend } from './backend.js';
export type { ExecutorStats } from './lazy/executor.js';
export { BACKEND_NAME, onnxBackend, registerOnnxBackend } from './register.js';
export type { OnnxBackendOptions } from './register.js';
