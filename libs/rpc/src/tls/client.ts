import { experimental, type ChannelCredentials } from '@grpc/grpc-js';
import type { TlsIdentity, TlsMaterial } from './identity.js';

type Provider = experimental.CertificateProvider;
type CaListener = experimental.CaCertificateUpdateListener;
type IdentityListener = experimental.IdentityCertificateUpdateListener;

const providers = new WeakMap<TlsIdentity, Provider>();

/** Credentials by which this process shows who it is and checks who answers; new files count for connections made from then on. */
export function credentialsOf(identity: TlsIdentity): ChannelCredentials {
  const provider = providers.get(identity) ?? createProvider(identity);
  providers.set(identity, provider);
  return experimental.createCertificateProviderChannelCredentials(provider, provider);
}

function createProvider(identity: TlsIdentity): Provider {
  const authorities = new Set<CaListener>();
  const identities = new Set<IdentityListener>();
  const authorityOf = ({ ca }: TlsMaterial) => ({ caCertificate: ca });
  const identityOf = ({ certificate, key }: TlsMaterial) => ({ certificate, privateKey: key });
  identity.onRenewed((material) => {
    for (const listener of authorities) listener(authorityOf(material));
    for (const listener of identities) listener(identityOf(material));
  });
  return {
    addCaCertificateListener(listener) {
      authorities.add(listener);
      process.nextTick(() => listener(authorityOf(identity.material())));
    },
    removeCaCertificateListener: (listener) => void authorities.delete(listener),
    addIdentityCertificateListener(listener) {
      identities.add(listener);
      process.nextTick(() => listener(identityOf(identity.material())));
    },
    removeIdentityCertificateListener: (listener) => void identities.delete(listener),
  };
}
