import { rarely, type Logger } from '@gan-train/service';
import { openTlsIdentity, type TlsIdentity } from './identity.js';
import type { Role } from './roles.js';

const refusedEveryMs = 10_000;

/** The identity of a service, which logs what becomes of its files; undefined without a directory. Throws as `openTlsIdentity`. */
export async function tlsOfService(
  directory: string | undefined,
  role: Role,
  log: Logger,
): Promise<TlsIdentity | undefined> {
  if (directory === undefined) return undefined;
  const identity = await openTlsIdentity(directory, role, (error) =>
    log.error({ err: error }, 'the new certificate is passed over'),
  );
  const until = (notAfterMs: number): string => new Date(notAfterMs).toISOString();
  log.info({ role, until: until(identity.material().notAfterMs) }, 'TLS is on');
  identity.onRenewed(({ notAfterMs }) => log.info({ until: until(notAfterMs) }, 'certificate renewed'));
  return identity;
}

/** Logs why connections aren't taken. */
export const refusalLog = (log: Logger): ((reason: string) => void) =>
  rarely(refusedEveryMs, (reason, leftOut) => log.warn({ reason, leftOut }, 'connection refused'));
