import { callUnary } from './calls.js';
import type { CoordinatorClient } from './gen/gan_train/v1/Coordinator.js';

const callTimeoutMs = 10_000;

/** One of the coordinator's short calls. Throws `coordinator_lost` where nobody answers. */
export async function callCoordinator<Request, Reply>(
  client: CoordinatorClient,
  method: 'Drain' | 'Scale' | 'Status',
  request: Request,
): Promise<Reply> {
  const call = client[method].bind(client) as Parameters<typeof callUnary<Request, Reply>>[0];
  return callUnary(call, request, { timeoutMs: callTimeoutMs, unavailable: 'coordinator_lost' });
}
