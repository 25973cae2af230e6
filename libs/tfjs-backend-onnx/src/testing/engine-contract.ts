/**
 * What a compute engine must do to train a GAN: the same cases for every backend, each compared with TensorFlow.js's
 * JavaScript backend. All errors are max|a - b| / max|b| and at most 1e-5.
 */
import { beforeAll, describe } from 'vitest';
import { describeArrangement } from './contract-arrangement.js';
import { describeConvolutions } from './contract-convolutions.js';
import { describeElementwise } from './contract-elementwise.js';
import { describeNetworks } from './contract-networks.js';

/**
 * Declares the contract's tests for a backend.
 *
 * @param name of the backend in TensorFlow.js
 * @param load registers it
 */
export function engineContract(name: string, load: () => Promise<void>): void {
  describe(`engine ${name}`, () => {
    beforeAll(load);
    describeConvolutions(name);
    describeElementwise(name);
    describeArrangement(name);
    describeNetworks(name);
  });
}
