import { X509Certificate, createPrivateKey } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { V1Secret } from 'kubernetes-client';
import { openTlsIdentity, type Role } from '@gan-train/rpc';
import { helm4, helms, install, render, variants, type Helm, type Rendering } from './helm.js';
import { startFakeApi } from './fake-api.js';
import { containerOf, ofKind, only, podOf, podsOf, type Manifest } from './manifests.js';

const roles = ['coordinator', 'trainer', 'operator'] as const satisfies Role[];
const dayMs = 86_400_000;

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'gan-train-chart-'));
});
afterAll(async () => rm(scratch, { recursive: true }));

const text = (secret: V1Secret, key: string): string =>
  Buffer.from(secret.data?.[key] ?? '', 'base64').toString();

const secretOf = (objects: readonly Manifest[], name: string): Manifest & V1Secret =>
  only<V1Secret>(objects, 'Secret', `gan-train-${name}`);

const certificateOf = (secret: V1Secret, key = 'tls.crt'): X509Certificate =>
  new X509Certificate(text(secret, key));

describe.each(helms)('TLS by $name', (helm) => {
  it('gives each role a certificate that the program takes for that role', async () => {
    const objects = await render(helm);
    const ca = certificateOf(secretOf(objects, 'ca'));
    expect(ca.ca).toBe(true);
    for (const role of roles) {
      const secret = secretOf(objects, `${role}-tls`);
      expect(secret.type).toBe('kubernetes.io/tls');
      const certificate = certificateOf(secret);
      expect(certificate.verify(ca.publicKey)).toBe(true);
      expect(certificate.checkIssued(ca)).toBe(true);
      expect(certificate.ca).toBe(false);
      expect(certificate.subjectAltName).toBe(`DNS:${role}.gan-train`);
      // Server and client authentication.
      expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
      expect(text(secret, 'ca.crt')).toBe(text(secretOf(objects, 'ca'), 'tls.crt'));
      const directory = join(scratch, `${helm.name}-${role}`);
      await mkdir(directory);
      for (const key of ['ca.crt', 'tls.crt', 'tls.key'])
        await writeFile(join(directory, key), text(secret, key));
      (await openTlsIdentity(directory, role)).close();
      for (const other of roles.filter((each) => each !== role))
        await expect(openTlsIdentity(directory, other)).rejects.toThrow(`is not for a ${other}`);
    }
  });

  it('says how long certificates are valid, and when an upgrade renews them', async () => {
    const objects = await render(helm, { variant: 'everything' });
    const secret = only<V1Secret>(objects, 'Secret', 'faces-trainer-tls');
    const daysOf = (date: string | undefined): number =>
      Math.round((Date.parse(date ?? '') - Date.now()) / dayMs);
    expect(daysOf(certificateOf(secret).validTo)).toBe(90);
    expect(daysOf(secret.metadata.annotations?.['gan-train/renew-after'])).toBe(60);
    const ca = only<V1Secret>(objects, 'Secret', 'faces-ca');
    expect(daysOf(certificateOf(ca).validTo)).toBe(730);
  });
});

let apis = 0;

/** The secrets that an installation makes where these are there already. */
async function secretsAfter(helm: Helm, there: readonly V1Secret[], rendering: Rendering = {}) {
  const kubeconfig = join(scratch, `kubeconfig-${(apis += 1)}`);
  const api = await startFakeApi(kubeconfig, there);
  try {
    return ofKind<V1Secret>((await install(helm, kubeconfig, rendering)).objects, 'Secret');
  } finally {
    api.close();
  }
}

const dataOf = (secrets: readonly V1Secret[]): Record<string, unknown> =>
  Object.fromEntries(secrets.map(({ metadata, data }) => [metadata?.name ?? '', data]));

describe.each(helms)('an upgrade by $name', (helm) => {
  let before: (Manifest & V1Secret)[];
  /** As an API server tells them. */
  let there: (Manifest & V1Secret)[];
  beforeAll(async () => {
    before = ofKind<V1Secret>(await render(helm), 'Secret');
    const annotations = {
      'meta.helm.sh/release-name': 'gan-train',
      'meta.helm.sh/release-namespace': 'default',
    };
    there = before.map((secret) => ({
      ...secret,
      metadata: { ...secret.metadata, annotations: { ...secret.metadata.annotations, ...annotations } },
    }));
  });

  it('keeps the CA and the certificates', async () => {
    const after = await secretsAfter(helm, there);
    expect(dataOf(after)).toEqual(dataOf(before));
    expect(after.map(({ metadata }) => metadata.annotations)).toEqual(
      before.map(({ metadata }) => metadata.annotations),
    );
  });

  it('makes a certificate that was deleted anew, by the same CA', async () => {
    const after = await secretsAfter(
      helm,
      there.filter(({ metadata }) => metadata.name !== 'gan-train-trainer-tls'),
    );
    const { 'gan-train-trainer-tls': was, ...others } = dataOf(before);
    const { 'gan-train-trainer-tls': is, ...othersAfter } = dataOf(after);
    expect(othersAfter).toEqual(others);
    expect(is).not.toEqual(was);
    const ca = certificateOf(secretOf(before, 'ca'));
    expect(certificateOf(secretOf(after, 'trainer-tls')).verify(ca.publicKey)).toBe(true);
  });

  it('makes those anew that end soon', async () => {
    const soon = there.map((secret) =>
      secret.metadata.name === 'gan-train-operator-tls'
        ? {
            ...secret,
            metadata: {
              ...secret.metadata,
              annotations: {
                ...secret.metadata.annotations,
                'gan-train/renew-after': '2024-01-01T00:00:00Z',
              },
            },
          }
        : secret,
    );
    const after = await secretsAfter(helm, soon);
    const changed = before.filter((secret, i) => secret.data?.['tls.crt'] !== after[i]?.data?.['tls.crt']);
    expect(changed.map(({ metadata }) => metadata.name)).toEqual(['gan-train-operator-tls']);
    const annotation = secretOf(after, 'operator-tls').metadata.annotations?.['gan-train/renew-after'];
    expect(Date.parse(annotation ?? '')).toBeGreaterThan(Date.now());
  });

  it('makes all anew when the CA was deleted', async () => {
    const after = await secretsAfter(
      helm,
      there.filter(({ metadata }) => metadata.name !== 'gan-train-ca'),
    );
    const ca = certificateOf(secretOf(after, 'ca'));
    for (const role of roles) {
      const secret = secretOf(after, `${role}-tls`);
      expect(certificateOf(secret).verify(ca.publicKey)).toBe(true);
      expect(text(secret, 'ca.crt')).toBe(text(secretOf(after, 'ca'), 'tls.crt'));
    }
  });
});

describe('TLS that others make', () => {
  it('is asked of cert-manager, with a CA of the release', async () => {
    const objects = await render(helm4, { variant: 'cert-manager' });
    expect(ofKind(objects, 'Secret')).toEqual([]);
    const specs = Object.fromEntries(
      objects
        .filter(({ kind }) => ['Certificate', 'Issuer'].includes(kind))
        .map(({ kind, metadata, ...object }) => [
          `${kind} ${metadata.name}`,
          (object as unknown as { spec: unknown }).spec,
        ]),
    );
    const issuer = { name: 'gan-train-ca', kind: 'Issuer', group: 'cert-manager.io' };
    const certificates = roles.map((role) => [
      `Certificate gan-train-${role}-tls`,
      {
        secretName: `gan-train-${role}-tls`,
        commonName: `${role}.gan-train`,
        dnsNames: [`${role}.gan-train`],
        usages: ['digital signature', 'server auth', 'client auth'],
        duration: '2160h',
        renewBefore: '720h',
        privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
        issuerRef: issuer,
      },
    ]);
    expect(specs).toEqual({
      'Issuer gan-train-selfsigned': { selfSigned: {} },
      'Certificate gan-train-ca': {
        isCA: true,
        commonName: 'gan-train-ca',
        secretName: 'gan-train-ca',
        duration: '87600h',
        privateKey: { algorithm: 'ECDSA', size: 256 },
        issuerRef: { ...issuer, name: 'gan-train-selfsigned' },
      },
      'Issuer gan-train-ca': { ca: { secretName: 'gan-train-ca' } },
      ...(Object.fromEntries(certificates) as Record<string, unknown>),
    });
  });

  it('is asked of an issuer that is there', async () => {
    const objects = await render(helm4, { variant: 'cert-manager-issuer' });
    expect(ofKind(objects, 'Issuer')).toEqual([]);
    const certificates = ofKind<{ spec: { issuerRef: unknown; duration: string } }>(objects, 'Certificate');
    expect(certificates).toHaveLength(3);
    for (const { spec } of certificates) {
      expect(spec.issuerRef).toEqual({ name: 'platform-ca', kind: 'ClusterIssuer' });
      expect(spec.duration).toBe('24h');
    }
  });

  it('is taken from secrets that are there', async () => {
    const objects = await render(helm4, { variant: 'tls-secret' });
    for (const kind of ['Secret', 'Certificate', 'Issuer']) expect(ofKind(objects, kind)).toEqual([]);
    const mounted = podsOf(objects).map(
      ({ spec }) => spec.volumes?.find(({ name }) => name === 'tls')?.secret?.secretName,
    );
    expect(mounted).toEqual(['pki-coordinator', 'pki-trainer', 'pki-operator']);
    const { metadata } = podOf(objects, 'gan-train-coordinator');
    expect(metadata.annotations?.['gan-train/operator-secret']).toBe('pki-operator');
  });

  it('is none where it is off', async () => {
    const objects = await render(helm4, { variant: 'tls-off' });
    expect(JSON.stringify(objects)).not.toMatch(/tls/);
  });
});

describe.each(variants)('the certificates of %s', (variant) => {
  it('are mounted whole, so that they follow their secrets, and each only where it belongs', async () => {
    const objects = await render(helm4, { variant });
    const isOff = variant === 'tls-off';
    for (const { name, spec } of podsOf(objects)) {
      const { volumeMounts = [], args = [] } = containerOf(objects, name);
      const mounts = volumeMounts.filter((mount) => mount.name === 'tls');
      expect(mounts).toEqual(isOff ? [] : [{ name: 'tls', mountPath: '/etc/gan-train/tls', readOnly: true }]);
      expect(args.join(' ').includes('--tls-dir /etc/gan-train/tls')).toBe(!isOff);
      const secrets = (spec.volumes ?? []).flatMap(({ secret }) => (secret === undefined ? [] : [secret]));
      expect(secrets).toHaveLength(isOff ? 0 : 1);
      const role = name.replace(/^.*-/, '').replace('test', 'operator');
      for (const { secretName, defaultMode } of secrets) {
        expect(secretName).toMatch(new RegExp(`-${role}(-tls)?$`));
        expect(defaultMode).toBe(0o440);
      }
    }
  });

  it('leave no key outside of secrets', async () => {
    const secrets = (await render(helm4, { variant })).filter(({ kind }) => kind === 'Secret');
    const others = (await render(helm4, { variant })).filter(({ kind }) => kind !== 'Secret');
    const shown = JSON.stringify(others);
    // "-----BEGIN" as base64.
    expect(shown).not.toMatch(/-----BEGIN|LS0tLS1CRUdJTi/);
    for (const secret of secrets as (Manifest & V1Secret)[])
      expect(createPrivateKey(text(secret, 'tls.key')).asymmetricKeyType).toBe('ec');
  });
});
