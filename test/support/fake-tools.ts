import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Does to tfjs-core what the native package does, with the JavaScript kernels. */
export const fakeNative = `
  const tf = require('@tensorflow/tfjs-core');
  const { MathBackendCPU } = require('@tensorflow/tfjs-backend-cpu');
  class Backend extends MathBackendCPU {
    binding = { TF_Version: '2.16.2', isUsingGpuDevice: () => false };
  }
  tf.copyRegisteredKernels('cpu', 'tensorflow');
  tf.registerBackend('tensorflow', () => new Backend(), 3);
  tf.setBackend('tensorflow');`;

const metadata = ['cublas-cu12 ==12.3.4.1', 'cudnn-cu12 ==8.9.7.29']
  .map((wheel) => `Requires-Dist: nvidia-${wheel} ; extra == 'and-cuda'`)
  .join('\n');

/** npm, python3 and g++ as `engine add` calls them, without a network: each does what it is asked for, with little content. */
function scripts(native: string): Record<string, string> {
  const packages = ['tfjs-node', 'tfjs-core', 'tfjs-backend-cpu'];
  return {
    // install --prefix MADE ...
    npm: [
      'scope=$3/node_modules/@tensorflow',
      'mkdir -p "$3/node_modules/node-api-headers"',
      ...packages.flatMap((name) => [
        `mkdir -p "$scope/${name}"`,
        `echo '{ "version": "4.22.0" }' > "$scope/${name}/package.json"`,
        `echo 'throw new Error("a second copy is loaded")' > "$scope/${name}/index.js"`,
      ]),
      'echo {} > "$scope/tfjs-node/index.js.map"',
      `cat > "$scope/tfjs-node/index.js" <<'END'\n${native}\nEND`,
    ].join('\n'),
    // -m pip --version | -m pip download ... --dest FOLDER WHEEL | -c SCRIPT WHEEL INTO WANTED
    python3: `
      case "$1 $3" in
        "-m --version") ;;
        "-m download")
          while [ $# -gt 2 ]; do shift; done
          mkdir -p "$1"; echo "$2" > "$1/some.whl" ;;
        *)
          read -r wheel < "$3"
          case $wheel in
            nvidia-*) mkdir -p "$4/nvidia"; touch "$4/nvidia/$wheel" ;;
            *)
              mkdir -p "$4/tensorflow" "$4/tensorflow.dist-info"
              touch "$4/tensorflow/libtensorflow_cc.so.2"
              echo '$ORIGIN/../nvidia/cublas/lib' > "$4/tensorflow/libtensorflow_framework.so.2"
              echo "${metadata}" > "$4/tensorflow.dist-info/METADATA" ;;
          esac ;;
      esac`,
    'g++': 'exit 0',
  };
}

/** A folder of tools for the PATH; `changed` are the scripts of some. */
export async function writeFakeTools(
  folder: string,
  {
    native = fakeNative,
    ...changed
  }: { native?: string } & Partial<Record<'npm' | 'python3' | 'g++', string>> = {},
): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const [name, script] of Object.entries({ ...scripts(native), ...changed }))
    await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return folder;
}
