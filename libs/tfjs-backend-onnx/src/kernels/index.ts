import { arrangeKernels } from './arrange.js';
import { binaryKernels } from './binary.js';
import { convKernels } from './conv.js';
import { joinKernels } from './join.js';
import type { LazyKernel } from './kernel.js';
import { lookupKernels } from './lookup.js';
import { matMulKernels } from './matmul.js';
import { normalizationKernels } from './normalization.js';
import { poolKernels } from './pool.js';
import { reduceKernels } from './reduce.js';
import { unaryKernels } from './unary.js';
import { viewKernels } from './views.js';

/** All kernels that are recorded. */
export const lazyKernels: readonly LazyKernel[] = [
  ...arrangeKernels,
  ...binaryKernels,
  ...convKernels,
  ...joinKernels,
  ...lookupKernels,
  ...matMulKernels,
  ...normalizationKernels,
  ...poolKernels,
  ...reduceKernels,
  ...unaryKernels,
  ...viewKernels,
];
