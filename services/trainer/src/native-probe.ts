// Run as a process of its own: `node native-probe.js ENTRY` loads a native TensorFlow.js and prints what it is as JSON.
import { requireNativeTensorflow, type ProbeAnswer } from './native-tensorflow.js';

function answer(entry: string): ProbeAnswer {
  try {
    return { facts: requireNativeTensorflow(entry, 1) };
  } catch (error) {
    // The first line says what; the rest of tfjs-node's advice is for its own installer.
    return {
      error:
        String((error as Error).message)
          .split('\n')[0]
          ?.trim() ?? '',
    };
  }
}

console.log(JSON.stringify(answer(process.argv[2] ?? '')));
