export { addFloats } from './add-floats.js';
export {
  allReduce,
  type AllReduceOptions,
  type Group,
  type GroupMember,
  type PeerWatch,
} from './all-reduce.js';
export { bucketsOfLength, partOfBucket, type ElementRange } from './parts.js';
export { retry, type RetryOptions } from './retry.js';
export { fence, servePull, type Serving } from './serve-pull.js';
export { meetMember, serveShare } from './share.js';
export { createSharedMemory, type PeerSums, type SharedMemory, type SumsLayout } from './shared-sums.js';
export { createShelf, type PhaseBuffers, type Shelf } from './shelf.js';
export { rootsOfRange, shardsOfRank, sumTree, type ShardRange, type TreeNode } from './tree.js';
