import { describe, expect, it } from 'vitest';
import { decodeNpy, encodeNpy } from './npy.js';

/** The header of a file as NumPy 1.26 writes it, and the data in hex. */
function numpyFile(dictionary: string, dataHex: string, version = 1): Uint8Array {
  const length = 128 - (version === 1 ? 10 : 12);
  const prefix = Buffer.alloc(version === 1 ? 10 : 12);
  Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]).copy(prefix);
  prefix.writeUInt16LE(length, 8);
  return Buffer.concat([
    prefix,
    Buffer.from(dictionary.padEnd(length - 1) + '\n'),
    Buffer.from(dataHex, 'hex'),
  ]);
}

const header = (descr: string, shape: string, order = 'False'): string =>
  `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`;
const matrix = numpyFile(header('<f4', '(2, 3)'), '0000803f000020c000004040000080400000a0400000c040');

describe('encodeNpy', () => {
  it('writes what numpy.save writes, byte for byte', () => {
    const bytes = encodeNpy([2, 3], Float32Array.of(1, -2.5, 3, 4, 5, 6));
    expect(Buffer.from(bytes).toString('hex')).toBe(Buffer.from(matrix).toString('hex'));
    expect(encodeNpy([1], Float32Array.of(7))).toEqual(
      new Uint8Array(numpyFile(header('<f4', '(1,)'), '0000e040')),
    );
    expect(encodeNpy([], Float32Array.of(7))).toEqual(
      new Uint8Array(numpyFile(header('<f4', '()'), '0000e040')),
    );
  });

  it('begins the data at a multiple of 64 bytes, however long the shape is', () => {
    for (const length of [1, 10, 30]) {
      const bytes = encodeNpy(Array<number>(length).fill(1), Float32Array.of(0.5));
      expect(bytes.length % 64).toBe(4);
      expect(decodeNpy(bytes)).toEqual({ shape: Array<number>(length).fill(1), data: Float32Array.of(0.5) });
    }
  });

  it('refuses a shape that does not hold the values', () => {
    expect(() => encodeNpy([2], new Float32Array(3))).toThrow("doesn't hold 3");
  });
});

describe('decodeNpy', () => {
  it('reads float32 and float64 of versions 1 and 2', () => {
    expect(decodeNpy(matrix)).toEqual({ shape: [2, 3], data: Float32Array.of(1, -2.5, 3, 4, 5, 6) });
    const doubles = numpyFile(header('<f8', '(2,)'), '9a9999999999b93f0000000000000040');
    expect(decodeNpy(doubles)).toEqual({ shape: [2], data: Float32Array.of(0.1, 2) });
    expect(decodeNpy(numpyFile(header('<f4', '()'), '0000e040', 2))).toEqual({
      shape: [],
      data: Float32Array.of(7),
    });
    expect(decodeNpy(numpyFile(header('<f4', '(0, 5)'), ''))).toEqual({
      shape: [0, 5],
      data: new Float32Array(0),
    });
  });

  it('reads bytes at any offset of a larger buffer', () => {
    const larger = new Uint8Array(matrix.length + 3);
    larger.set(matrix, 3);
    expect(decodeNpy(larger.subarray(3)).data).toEqual(Float32Array.of(1, -2.5, 3, 4, 5, 6));
  });

  it.each([
    ['text', new TextEncoder().encode('1,2,3'), 'not an .npy file'],
    ['a cut header', matrix.subarray(0, 50), 'cut off in its header'],
    ['nothing but the magic', matrix.subarray(0, 7), 'cut off in its header'],
    ['cut data', matrix.subarray(0, -1), 'needs 24 bytes of data, it has 23'],
    ['another version', Uint8Array.from(matrix, (byte, at) => (at === 6 ? 9 : byte)), 'version 9'],
    ['whole numbers', numpyFile(header('<i8', '(1,)'), '0000000000000000'), 'its values are <i8'],
    ['big endian', numpyFile(header('>f4', '(1,)'), '00000000'), 'its values are >f4'],
    ['Fortran order', numpyFile(header('<f4', '(1, 1)', 'True'), '00000000'), 'Fortran order'],
    [
      'records',
      numpyFile("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", ''),
      'records',
    ],
    ['half a header', numpyFile("{'descr': '<f4', }", ''), 'header is not complete'],
  ])('refuses %s by name', (_, bytes, reason) => {
    expect(() => decodeNpy(bytes, 'noise.npy')).toThrow(reason);
    expect(() => decodeNpy(bytes, 'noise.npy')).toThrow(/^noise\.npy can't be read/);
  });
});
