import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GanTrainError } from '@gan-train/service/errors';
import { nameOfRole, rolesOfNames, type Role } from './roles.js';

const refreshMs = 10_000;

/** As Kubernetes' secrets of the type kubernetes.io/tls have them. */
const files = { ca: 'ca.crt', certificate: 'tls.crt', key: 'tls.key' } as const;
const names = [files.ca, files.certificate, files.key];

/** PEM. */
export interface TlsMaterial {
  ca: Buffer;
  certificate: Buffer;
  key: Buffer;
  /** When the certificate ends, in milliseconds since 1970. */
  notAfterMs: number;
}

/** Who this process is to others, by the files of a directory, which may be replaced while it runs. */
export interface TlsIdentity {
  readonly role: Role;
  material(): TlsMaterial;
  /** Calls the listener whenever the files were replaced; the function that it returns ends that. */
  onRenewed(listener: (material: TlsMaterial) => void): () => void;
  /** Reads the files again now. */
  refresh(): Promise<void>;
  close(): void;
}

/**
 * Reads tls.crt, tls.key and ca.crt, and reads them again every ten seconds: what is no good then is passed over, and `onRejected` told.
 * Throws `bad_config` when they can't be read, don't belong together, are over, or are not for the role.
 */
export async function openTlsIdentity(
  directory: string,
  role: Role,
  onRejected: (error: GanTrainError) => void = () => undefined,
): Promise<TlsIdentity> {
  let material = await load(directory, role);
  let failure = { what: '', times: 0 };
  const listeners = new Set<(material: TlsMaterial) => void>();
  const refresh = async (): Promise<void> => {
    try {
      const found = await load(directory, role);
      failure = { what: '', times: 0 };
      if (isSame(found, material)) return;
      material = found;
      for (const listener of listeners) listener(found);
    } catch (thrown) {
      const error = GanTrainError.from(thrown);
      failure = { what: error.what, times: error.what === failure.what ? failure.times + 1 : 1 };
      // Not when somebody is just replacing one file after the other, and only once.
      if (failure.times === 2) onRejected(error);
    }
  };
  const timer = setInterval(() => void refresh(), refreshMs);
  timer.unref();
  return {
    role,
    material: () => material,
    onRenewed(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    refresh,
    close() {
      clearInterval(timer);
      listeners.clear();
    },
  };
}

/**
 * The identity of what somebody else has read, by the names of the files, so that a key need not lie in any: it stays as it is. `place` says where
 * it is from. Throws as `openTlsIdentity`.
 */
export function tlsIdentityFrom(
  contents: Readonly<Record<string, Buffer | undefined>>,
  role: Role,
  place: string,
): TlsIdentity {
  const [ca, certificate, key] = names.map((name) => {
    const bytes = contents[name];
    if (bytes === undefined) throw bad(`there is no ${name} in ${place}`);
    return bytes;
  }) as [Buffer, Buffer, Buffer];
  const material = check({ ca, certificate, key }, role, place);
  return {
    role,
    material: () => material,
    onRenewed: () => () => undefined,
    refresh: async () => Promise.resolve(),
    close: () => undefined,
  };
}

async function load(directory: string, role: Role): Promise<TlsMaterial> {
  const [ca, certificate, key] = (await Promise.all(
    names.map(async (name) => read(join(directory, name))),
  )) as [Buffer, Buffer, Buffer];
  return check({ ca, certificate, key }, role, directory);
}

function check(found: Omit<TlsMaterial, 'notAfterMs'>, role: Role, place: string): TlsMaterial {
  const parsed = parse(files.certificate, place, () => new X509Certificate(found.certificate));
  parse(files.ca, place, () => new X509Certificate(found.ca));
  const privateKey = parse(files.key, place, () => createPrivateKey(found.key));
  if (!parsed.checkPrivateKey(privateKey))
    throw bad(`${files.key} in ${place} is not the key of ${files.certificate}`);
  const notAfterMs = Date.parse(parsed.validTo);
  if (notAfterMs < Date.now()) throw bad(`the certificate in ${place} ended at ${parsed.validTo}`);
  if (!rolesOfNames(parsed.subjectAltName).includes(role))
    throw bad(`the certificate in ${place} is not for a ${role}: it has no DNS name ${nameOfRole(role)}`);
  return { ...found, notAfterMs };
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw bad(`${path} can't be read: ${(error as Error).message}`, error);
  }
}

function parse<T>(name: string, place: string, how: () => T): T {
  try {
    return how();
  } catch (error) {
    throw bad(`${join(place, name)} is not PEM that can be used: ${(error as Error).message}`, error);
  }
}

const bad = (what: string, cause?: unknown): GanTrainError =>
  new GanTrainError('bad_config', what, 'give the directory of ca.crt, tls.crt and tls.key', cause);

const isSame = (a: TlsMaterial, b: TlsMaterial): boolean =>
  a.ca.equals(b.ca) && a.certificate.equals(b.certificate) && a.key.equals(b.key);
