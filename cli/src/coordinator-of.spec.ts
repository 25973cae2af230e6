import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { GanTrainError } from '@gan-train/service';
import { expect, it, vi } from 'vitest';
import type * as ClusterRun from './cluster-run.js';
import { askCoordinator } from './coordinator-of.js';

const path = vi.hoisted(() => ({ address: '', tls: undefined, failure: vi.fn(), close: vi.fn() }));
vi.mock('./cluster-run.js', async (original) => ({
  ...(await original<typeof ClusterRun>()),
  openPathTo: async () => Promise.resolve(path),
}));

/** Nobody listens there. */
async function deadAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `127.0.0.1:${port}`;
}

const asked = async (run: string): Promise<unknown> =>
  askCoordinator({ run, tlsDir: undefined }, 'Status', { runId: '' }).catch((error: unknown) => error);

it('a coordinator in a cluster that does not answer: the reason is said where the way to it has one', async () => {
  path.address = await deadAddress();
  path.failure.mockReturnValue(undefined);
  expect(await asked('k8s:faces')).toMatchObject({
    code: 'coordinator_lost',
    message: 'no coordinator answers at k8s:faces; look whether the run is still alive',
  });
  const failure = new GanTrainError('kubernetes', 'pods/portforward is forbidden');
  path.failure.mockReturnValue(failure);
  expect(await asked('k8s:faces')).toBe(failure);
  expect(path.close).toHaveBeenCalledTimes(2);
});

it('a coordinator elsewhere that does not answer: its address is said', async () => {
  const address = await deadAddress();
  expect(await asked(address)).toMatchObject({ what: `no coordinator answers at ${address}` });
});
