// Bundles TensorFlow.js's spec files with the backend.
import { createRequire } from 'node:module';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { rolldown } from 'rolldown';

const require = createRequire(import.meta.url);
const distOf = (name) => join(dirname(require.resolve(`${name}/package.json`)), 'dist');
const core = distOf('@tensorflow/tfjs-core');

/** The module that the bundle is made from; it exists nowhere but here. */
const ENTRY = 'core-specs';

/**
 * Writes one ES module of all spec files, the backend's sources, and the one copy of TensorFlow.js's core that they share.
 * The packages' own modules can't be imported by Node.js: they name files without their extension.
 *
 * It exports `specFiles`, functions by file name that declare a file's specs, and what a runner needs to begin.
 *
 * @param file path of the module to write, below a folder that has the packages
 */
export async function writeBundle(file) {
  const names = readdirSync(core, { recursive: true })
    .filter((name) => name.endsWith('_test.js'))
    .sort();
  const source = `
    import '${core}/public/chained_ops/register_all_chained_ops.js';
    import '${core}/register_all_gradients.js';
    export * as tf from '${core}/index.js';
    export { setTestEnvs } from '${core}/jasmine_util.js';
    export { onnxBackend, registerOnnxBackend } from '${join(import.meta.dirname, '../src/index.ts')}';
    export const specFiles = {
      ${names.map((name) => `'${name}': () => require('${core}/${name}'),`).join('\n')}
    };`;
  const bundle = await rolldown({
    input: ENTRY,
    plugins: [
      {
        name: ENTRY,
        resolveId: (id) => (id === ENTRY ? id : undefined),
        load: (id) => (id === ENTRY ? source : undefined),
      },
    ],
    platform: 'node',
    external: ['onnxruntime-common', /^jasmine-core/],
    resolve: {
      alias: {
        '@tensorflow/tfjs-core': core,
        '@tensorflow/tfjs-backend-cpu': join(distOf('@tensorflow/tfjs-backend-cpu'), 'index.js'),
      },
      extensionAlias: { '.js': ['.ts', '.js'] },
    },
  });
  await bundle.write({ file, format: 'esm' });
}
