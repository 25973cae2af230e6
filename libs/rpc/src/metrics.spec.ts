import { describe, expect, it } from 'vitest';
import { createMetrics } from './metrics.js';
import type { TlsIdentity } from './tls/identity.js';

const namesOf = async (metrics: ReturnType<typeof createMetrics>): Promise<string[]> =>
  (await metrics.registry.getMetricsAsJSON()).map(({ name }) => name);

describe('metrics of a process', () => {
  it('all have our prefix, and only counters end as counters do', async () => {
    const metrics = createMetrics(undefined);
    metrics.counter('things_total', 'Things');
    const all = await metrics.registry.getMetricsAsJSON();
    const named = all.map(({ name }) => name);
    expect(named).toContain('gan_train_process_resident_memory_bytes');
    for (const name of named) expect(name).toMatch(/^gan_train_/);
    const endLikeCounters = named.filter((name) => name.endsWith('_total'));
    const counters = all.filter(({ type }) => String(type) === 'counter').map(({ name }) => name);
    expect(endLikeCounters).toEqual(counters);
    expect(counters).toContain('gan_train_things_total');
  });

  it('say when the certificate ends, where there is one', async () => {
    const tls = { material: () => ({ notAfterMs: 1_500 }) } as TlsIdentity;
    const name = 'gan_train_tls_not_after_timestamp_seconds';
    expect(await createMetrics(tls).registry.getSingleMetricAsString(name)).toContain(`${name} 1.5`);
    expect(await namesOf(createMetrics(undefined))).not.toContain(name);
  });

  it('leave out what is not known yet', async () => {
    const { registry, gauge, laterGauge } = createMetrics(undefined);
    gauge('now', 'Known');
    const later = laterGauge('later', 'Not known');
    const values = async (): Promise<string[]> =>
      (await registry.metrics()).split('\n').filter((line) => /^gan_train_(now|later) /.test(line));
    expect(await values()).toEqual(['gan_train_now 0']);
    later.set(3);
    expect(await values()).toEqual(['gan_train_now 0', 'gan_train_later 3']);
  });
});
