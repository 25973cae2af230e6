import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tfjsVersion } from '../engine-identity.js';

/**
 * Installs packages of these sources below a folder's node_modules, by their names in the scope @tensorflow. As with a real
 * installation, copies of what they share with us are there; these throw when they are loaded.
 *
 * @param core version of the copies
 */
export async function installFakes(
  home: string,
  sources: Record<string, string>,
  core = tfjsVersion(),
): Promise<void> {
  const copy = 'throw new Error("a second copy is loaded");';
  const copies = { 'tfjs-core': copy, 'tfjs-backend-cpu': copy };
  for (const [name, source] of Object.entries({ ...copies, ...sources })) {
    const folder = join(home, 'node_modules/@tensorflow', name);
    await mkdir(folder, { recursive: true });
    const version = name in copies ? core : '4.22.0';
    await writeFile(join(folder, 'package.json'), JSON.stringify({ version }));
    await writeFile(join(folder, 'index.js'), source);
  }
}

export interface FakeNative {
  gpu?: boolean;
  /** Of TensorFlow. */
  version?: string;
  /** Statements that come last. */
  more?: string;
}

/** Source of a package that does to tfjs-core what the native one does, with the JavaScript kernels. */
export function nativeSource({ gpu = false, version = '2.16.2', more = '' }: FakeNative = {}): string {
  return `
    const tf = require('@tensorflow/tfjs-core');
    const { MathBackendCPU } = require('@tensorflow/tfjs-backend-cpu');
    class Backend extends MathBackendCPU {
      binding = { TF_Version: '${version}', isUsingGpuDevice: () => ${gpu} };
    }
    console.log('a library says hello');
    tf.copyRegisteredKernels('cpu', 'tensorflow');
    tf.registerBackend('tensorflow', () => new Backend(), 3);
    tf.setBackend('tensorflow');
    ${more}`;
}
