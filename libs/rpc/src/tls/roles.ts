import { ServerInterceptingCall, status, type ServerInterceptor } from '@grpc/grpc-js';

/** What a process may be in a run: its certificate says so by a DNS name. */
export const roles = ['coordinator', 'trainer', 'operator'] as const;
export type Role = (typeof roles)[number];

/** Not a host: whoever is called by an address must have it, so that one certificate serves a role wherever it runs. */
export const nameOfRole = (role: Role): string => `${role}.gan-train`;

/** Of the alternative names of a certificate that its authority has signed, as Node writes them. */
export function rolesOfNames(names = ''): Role[] {
  const listed = names.split(', ');
  return roles.filter((role) => listed.includes(`DNS:${nameOfRole(role)}`));
}

/** Refuses calls whose caller has none of the roles that `callersOf` says of a method's path. */
export function createRoleCheck(callersOf: (path: string) => readonly Role[]): ServerInterceptor {
  return (descriptor, call) =>
    new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata(metadata, hand) {
            const found = rolesOfNames(call.getAuthContext().sslPeerCertificate?.subjectaltname);
            const wanted = callersOf(descriptor.path);
            if (found.some((role) => wanted.includes(role))) {
              hand(metadata);
              return;
            }
            const details = `${descriptor.path} is for ${wanted.join(', ')}; the caller's certificate is for ${found.join(', ') || 'none of these'}`;
            call.sendStatus({ code: status.PERMISSION_DENIED, details });
          },
        }),
    });
}
