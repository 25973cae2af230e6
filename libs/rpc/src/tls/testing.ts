import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { onTestFinished } from 'vitest';
import { nameOfRole, type Role } from './roles.js';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const dayMs = 86_400_000;

export interface CertificateOptions {
  names?: readonly string[];
  notAfterMs?: number;
}

/** Makes certificates that it has signed. */
export interface Authority {
  certificate: string;
  issue(options: CertificateOptions): Promise<{ certificate: string; key: string }>;
}

export async function createAuthority(): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const own = await x509.X509CertificateGenerator.createSelfSigned({
    // OpenSSL takes authorities of one name for one.
    name: `CN=authority ${randomUUID()}`,
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + dayMs),
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  return {
    certificate: own.toString('pem'),
    async issue({ names = [], notAfterMs = Date.now() + dayMs }) {
      const pair = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      const issued = await x509.X509CertificateGenerator.create({
        subject: 'CN=member of a test',
        issuer: own.subject,
        signingKey: keys.privateKey,
        publicKey: pair.publicKey,
        signingAlgorithm: algorithm,
        notBefore: new Date(Date.now() - 2 * dayMs),
        notAfter: new Date(notAfterMs),
        extensions: [
          new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns' as const, value }))),
        ],
      });
      const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', pair.privateKey)).toString('base64');
      return {
        certificate: issued.toString('pem'),
        key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
      };
    },
  };
}

/** A directory of a role's files, which goes when the test ends. */
export async function writeIdentity(
  authority: Authority,
  role: Role,
  options: CertificateOptions = {},
  directory?: string,
): Promise<string> {
  const dir = directory ?? (await temporaryFolder());
  await mkdir(dir, { recursive: true });
  const { certificate, key } = await authority.issue({ names: [nameOfRole(role)], ...options });
  await writeFile(join(dir, 'ca.crt'), authority.certificate);
  await writeFile(join(dir, 'tls.crt'), certificate);
  await writeFile(join(dir, 'tls.key'), key);
  return dir;
}

async function temporaryFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'gan-train-tls-'));
  onTestFinished(async () => rm(dir, { recursive: true, force: true }));
  return dir;
}
