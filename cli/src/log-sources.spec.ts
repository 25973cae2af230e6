import { beforeEach, describe, expect, it, vi } from 'vitest';
import { openLogSource } from './log-sources.js';

const api = vi.hoisted(() => ({
  openCluster: vi.fn(() => ({ namespace: 'team' })),
  processesOfRelease: vi.fn(),
  readPodLog: vi.fn(),
  followPodLog: vi.fn(),
}));
vi.mock('@gan-train/kubernetes', () => api);

const processOf = (name: string) => ({ name, pod: `faces-gan-train-${name}` });

describe('the logs of a release', () => {
  beforeEach(() => void vi.clearAllMocks());

  it('are those of its pods, by the names that processes have elsewhere, and need no coordinator that runs', async () => {
    api.processesOfRelease.mockResolvedValue(['coordinator-0', 'trainer-0', 'trainer-1'].map(processOf));
    const source = await openLogSource('k8s:team/faces');
    expect(await source.list()).toEqual(['coordinator', 'trainer-0', 'trainer-1']);
    await source.read('coordinator', 5);
    await source.follow('trainer-1', 7, () => undefined, new AbortController().signal);
    expect(api.readPodLog).toHaveBeenCalledWith({ namespace: 'team' }, 'faces-gan-train-coordinator-0', 5);
    expect(api.followPodLog.mock.calls[0]?.slice(1, 3)).toEqual(['faces-gan-train-trainer-1', 7]);
  });

  it('are missing where the release has no pods', async () => {
    api.processesOfRelease.mockResolvedValue([]);
    await expect(openLogSource('k8s:team/faces')).rejects.toMatchObject({
      code: 'run_missing',
      what: 'release faces has no pods in namespace team',
    });
  });
});
