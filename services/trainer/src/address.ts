import { isIPv6 } from 'node:net';
import { hostname } from 'node:os';
import { GanTrainError } from '@gan-train/service';

/** `host:port`, with an IPv6 host in brackets. Throws `bad_config`. */
export function parseAddress(address: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:[\]/]+)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new GanTrainError(
      'bad_config',
      `${address} is not an address`,
      'write host:port, such as 127.0.0.1:7070',
    );
  }
  return { host: match[1] ?? match[2] ?? '', port };
}

/** Where peers find a trainer: what was said, else where it listens, else this host. The port may be left out of `advertise`. */
export function advertisedAddress(
  advertise: string | undefined,
  listening: { host: string; port: number },
): string {
  const { host, port } = listening;
  const anyHost = host === '0.0.0.0' || host === '::';
  const said = advertise ?? (anyHost ? hostname() : host);
  if (isIPv6(said)) return `[${said}]:${port}`;
  return said.includes(':') ? said : `${said}:${port}`;
}
