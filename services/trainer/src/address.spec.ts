import { describe, expect, it } from 'vitest';
import { parseAddress } from './address.js';

describe('parseAddress', () => {
  it.each([
    ['127.0.0.1:7070', '127.0.0.1', 7070],
    ['coordinator.default.svc:0', 'coordinator.default.svc', 0],
    ['0.0.0.0:65535', '0.0.0.0', 65_535],
    ['[::1]:7070', '::1', 7070],
  ])('reads %s', (address, host, port) => {
    expect(parseAddress(address)).toEqual({ host, port });
  });

  it.each([
    '',
    'host',
    'host:',
    ':7070',
    'host:65536',
    'host:-1',
    'host:7070x',
    '::1:7070',
    '[]:1',
    'http://host:1',
  ])('refuses %j', (address) => {
    expect(() => parseAddress(address)).toThrow(
      expect.objectContaining({ code: 'bad_config', what: `${address} is not an address` }),
    );
  });
});
