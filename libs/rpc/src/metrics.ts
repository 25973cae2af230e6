import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { TlsIdentity } from './tls/identity.js';

const prefix = 'gan_train_';
/** Gauges that are named as counters are; those without `_total` say the same. */
const misnamed = ['handles', 'requests', 'resources'].map((what) => `nodejs_active_${what}_total`);

export type Metrics = ReturnType<typeof createMetrics>;

/** A process' metrics, all with our prefix: those of Node, the end of its certificate where it has one, and what is made here. */
export function createMetrics(tls: TlsIdentity | undefined) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix });
  for (const name of misnamed) registry.removeSingleMetric(prefix + name);
  if (tls !== undefined)
    new Gauge({
      name: `${prefix}tls_not_after_timestamp_seconds`,
      help: 'When the certificate of this process ends',
      registers,
      collect() {
        this.set(tls.material().notAfterMs / 1_000);
      },
    });
  const gauge = (name: string, help: string, labelNames: string[] = []): Gauge =>
    new Gauge({ name: prefix + name, help, labelNames, registers });
  return {
    registry,
    gauge,
    /** A gauge of what isn't known yet: absent until it is set. */
    laterGauge: (name: string, help: string): Gauge => {
      const made = gauge(name, help);
      made.remove();
      return made;
    },
    counter: (name: string, help: string, labelNames: string[] = []): Counter =>
      new Counter({ name: prefix + name, help, labelNames, registers }),
    histogram: (name: string, help: string, buckets: number[], labelNames: string[] = []): Histogram =>
      new Histogram({ name: prefix + name, help, buckets, labelNames, registers }),
  };
}
