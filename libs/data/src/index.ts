export { type DataSet, type OpenOptions } from './data-set.js';
export {
  parseManifest as parseDataManifest,
  type DataFile,
  type DataManifest,
  type ItemShape,
} from './manifest.js';
export { defaultCacheBytes, openDataSet } from './open.js';
export { createOrder, orderFromConfig, type Order, type OrderOptions } from './order.js';
