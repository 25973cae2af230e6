import type { CoordinatorClient } from '@gan-train/rpc';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { stop } from './stop.js';

const run = vi.hoisted(() => ({ runId: 'r', status: 'running', step: 7, steps: 20 }));
const calls = vi.hoisted(() => [] as string[]);
vi.mock('./coordinator-of.js', () => ({
  withCoordinator: async (_place: unknown, use: (client: CoordinatorClient) => Promise<unknown>) => {
    type Callback = (error: null, reply: unknown) => void;
    const answer =
      (name: string, reply: unknown) => (_request: unknown, _options: unknown, done: Callback) => {
        calls.push(name);
        done(null, reply);
      };
    return use({ Status: answer('Status', { run }), Drain: answer('Drain', {}) } as never);
  },
}));

let told = '';
beforeEach(() => {
  [told, run.status, calls.length] = ['', 'running', 0];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((told += String(text)), true));
});
afterEach(() => void vi.restoreAllMocks());

const stopped = async (name: string | undefined): Promise<string> => {
  expect(await stop({ run: name, tlsDir: undefined })).toBe(0);
  return told;
};

it.each(['running', 'waiting'])(
  'asks a run that is %s to end, and says how to wait for that',
  async (status) => {
    run.status = status;
    expect(await stopped('runs/x')).toBe(
      'it stops after this step, with a checkpoint; gan-train wait runs/x --for end says when\n',
    );
    expect(calls).toEqual(['Status', 'Drain']);
  },
);

it('says of a run in a cluster that it goes on, and what pauses it', async () => {
  const [first, second, ...rest] = (await stopped('k8s:faces')).split('\n');
  expect(first).toContain('gan-train wait k8s:faces --for end says when');
  expect(second).toMatch(/^it goes on when the coordinator's pod restarts; .* --replicas=0$/);
  expect(rest).toEqual(['']);
});

it.each(['finished', 'stopped', 'failed'])('only says so of one that has %s already', async (status) => {
  run.status = status;
  expect(await stopped('k8s:faces')).toBe(`it has ended: ${status} at step 7 of 20\n`);
  expect(calls).toEqual(['Status']);
});
