import { registerOnnxBackend } from './register.js';
import { engineContract } from './testing/engine-contract.js';

engineContract('onnx', () => {
  registerOnnxBackend();
  return Promise.resolve();
});

// The reference against itself: the cases leave no tensor behind and are what they say.
engineContract('cpu', () => Promise.resolve());
