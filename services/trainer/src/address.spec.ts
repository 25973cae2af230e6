import { describe, expect, it } from 'vitest';
import { hostname } from 'node:os';
import { advertisedAddress, parseAddress } from './address.js';

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

describe('the address that a trainer is found at', () => {
  it.each([
    ['gpu-1.local', 'gpu-1.local:7071'],
    ['gpu-1.local:9', 'gpu-1.local:9'],
    ['10.1.2.3', '10.1.2.3:7071'],
    ['fd00::1', '[fd00::1]:7071'],
    ['[fd00::1]:9', '[fd00::1]:9'],
  ])('is what was said: %s', (said, address) => {
    expect(advertisedAddress(said, { host: '0.0.0.0', port: 7071 })).toBe(address);
  });

  it('is where it listens, or this host when that is everywhere', () => {
    expect(advertisedAddress(undefined, { host: '127.0.0.1', port: 5 })).toBe('127.0.0.1:5');
    expect(advertisedAddress(undefined, { host: '::1', port: 5 })).toBe('[::1]:5');
    for (const host of ['0.0.0.0', '::'])
      expect(advertisedAddress(undefined, { host, port: 5 })).toBe(`${hostname()}:5`);
  });
});
