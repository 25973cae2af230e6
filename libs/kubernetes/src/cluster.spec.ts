import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openCluster } from './cluster.js';
import { readConfigMap } from './patch.js';
import { startFakeApi } from './testing/fake-api.js';

let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'gan-train-home-'));
  vi.stubEnv('HOME', home);
  vi.stubEnv('KUBECONFIG', '');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(home, { recursive: true });
});

const fileFor = (server: string): string =>
  JSON.stringify({
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { token: 'secret' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'theirs' } }],
    'current-context': 'x',
  });

describe('the cluster', () => {
  it('is that of the kubeconfig, in the namespace of its context or the one given', async () => {
    const api = await startFakeApi();
    const path = join(home, 'config');
    await writeFile(path, fileFor(api.server));
    vi.stubEnv('KUBECONFIG', path);
    expect(openCluster({ namespace: 'mine' }).namespace).toBe('mine');
    const reading = readConfigMap(openCluster(), 'x');
    const call = await api.next();
    expect(call.path).toBe('/api/v1/namespaces/theirs/configmaps/x');
    expect(call.headers.authorization).toBe('Bearer secret');
    call.reply({ data: { a: 'b' } });
    expect(await reading).toEqual({ a: 'b' });
  });

  it('is missing where no kubeconfig is', () => {
    expect(() => openCluster()).toThrow(
      expect.objectContaining({
        code: 'bad_config',
        what: 'there is no cluster to talk to: no kubeconfig found',
        todo: 'see whether kubectl works, or set KUBECONFIG',
      }),
    );
  });

  it.each([
    ['is not there', undefined, /ENOENT/],
    ['names no cluster', '{}', /No active cluster/],
  ])('is missing where the kubeconfig %s', async (_what, text, words) => {
    const path = join(home, 'config');
    if (text !== undefined) await writeFile(path, text);
    vi.stubEnv('KUBECONFIG', path);
    expect(() => openCluster()).toThrow(
      expect.objectContaining({ code: 'bad_config', what: expect.stringMatching(words) as string }),
    );
  });
});
