import { describe, expect, it } from 'vitest';
import { clusterRunFrom } from './cluster-run.js';

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
