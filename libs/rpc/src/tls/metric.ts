import { Gauge, type Registry } from 'prom-client';
import type { TlsIdentity } from './identity.js';

/** A gauge of when this process' certificate ends, where it has one. */
export function showEndOfCertificate(registry: Registry, tls: TlsIdentity | undefined): void {
  if (tls === undefined) return;
  new Gauge({
    name: 'gan_train_tls_not_after_timestamp_seconds',
    help: 'When the certificate of this process ends',
    registers: [registry],
    collect() {
      this.set(tls.material().notAfterMs / 1_000);
    },
  });
}
