import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { TlsIdentity } from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { clusterRunFrom, openPathTo } from './cluster-run.js';

describe('the name of a run in a cluster', () => {
  it('has a release, and may have a namespace', () => {
    expect(clusterRunFrom('k8s:faces')).toEqual({ namespace: undefined, release: 'faces' });
    expect(clusterRunFrom('k8s:team-1/faces.v2')).toEqual({ namespace: 'team-1', release: 'faces.v2' });
  });

  it.each(['runs/faces', 'k8s', '127.0.0.1:7070'])('is not %s', (run) => {
    expect(clusterRunFrom(run)).toBeUndefined();
  });

  it.each(['k8s:', 'k8s:a/b/c', 'k8s:Faces', 'k8s:/x', 'k8s:-x'])('is refused: %s', (run) => {
    expect(() => clusterRunFrom(run)).toThrow(expect.objectContaining({ code: 'bad_config' }));
  });
});

const api = vi.hoisted(() => ({
  openCluster: vi.fn(() => ({})),
  findRelease: vi.fn(),
  readSecret: vi.fn(),
  forwardPort: vi.fn(),
}));
vi.mock('@gan-train/kubernetes', () => api);
const tlsIdentityFrom = vi.hoisted(() => vi.fn(() => 'the identity of the release'));
vi.mock('@gan-train/rpc', () => ({ tlsIdentityFrom }));

describe('the way to a coordinator in a cluster', () => {
  const run = { namespace: undefined, release: 'faces' };
  const close = vi.fn();
  const forwarded = { port: 7, failure: undefined as GanTrainError | undefined, close };
  beforeEach(() => {
    vi.clearAllMocks();
    api.findRelease.mockResolvedValue({ coordinatorPod: 'pod-0', operatorSecret: 'operator' });
    api.readSecret.mockResolvedValue({ 'tls.key': Buffer.from('key') });
    api.forwardPort.mockResolvedValue(forwarded);
  });

  it("takes the release's certificate, which lies in no file", async () => {
    const before = await filesOf(tmpdir());
    const path = await openPathTo(run, undefined);
    expect(path).toMatchObject({ address: '127.0.0.1:7', tls: 'the identity of the release' });
    const secret = { 'tls.key': Buffer.from('key') };
    expect(tlsIdentityFrom).toHaveBeenCalledWith(secret, 'operator', 'the Secret operator');
    expect(await filesOf(tmpdir())).toEqual(before);
    path.close();
    expect(close).toHaveBeenCalledOnce();
  });

  it('reads no Secret for whoever has a certificate of their own', async () => {
    api.readSecret.mockRejectedValue(new GanTrainError('kubernetes', 'secrets are forbidden'));
    const own = { role: 'operator' } as TlsIdentity;
    expect((await openPathTo(run, own)).tls).toBe(own);
    expect(api.readSecret).not.toHaveBeenCalled();
  });

  it('asks for no certificate where the release has none', async () => {
    api.findRelease.mockResolvedValue({ coordinatorPod: 'pod-0' });
    expect((await openPathTo(run, undefined)).tls).toBeUndefined();
    expect(api.readSecret).not.toHaveBeenCalled();
  });

  it('forwards no port when the certificate cannot be read', async () => {
    api.readSecret.mockRejectedValue(new GanTrainError('kubernetes', 'secrets are forbidden'));
    await expect(openPathTo(run, undefined)).rejects.toThrow('secrets are forbidden');
    expect(api.forwardPort).not.toHaveBeenCalled();
  });
});

const filesOf = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.startsWith('gan-train-operator-'));
