import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeSafetensorsHeader, loadSafetensors, sortSpecs } from './safetensors.js';
import { dataSectionOf, exampleTensors, temporaryFolder, tensorOf } from './testing.js';

/** A file from a header as text, without our encoder. */
function fileOf(header: string, dataBytes: number, claimedBytes = header.length): Uint8Array {
  const file = Buffer.alloc(8 + header.length + dataBytes);
  file.writeBigUInt64LE(BigInt(claimedBytes));
  file.write(header, 8);
  return file;
}

async function load(file: Uint8Array): Promise<Awaited<ReturnType<typeof loadSafetensors>>> {
  const path = join(await temporaryFolder(), 'state.safetensors');
  await writeFile(path, file);
  return loadSafetensors(path);
}

const one = (begin: number, end: number, shape: number[], dtype = 'F32'): object => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});
const json = (tensors: object): string => JSON.stringify(tensors);

describe('encodeSafetensorsHeader', () => {
  it('writes length, JSON sorted by name and padding to eight bytes', () => {
    const bytes = encodeSafetensorsHeader([tensorOf('b', [2, 3]), tensorOf('a', [])], { k: 'v' });
    const text =
      '{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},' +
      '"b":{"dtype":"F32","shape":[2,3],"data_offsets":[4,28]}}';
    const padded = text.padEnd(Math.ceil(text.length / 8) * 8);
    expect(Buffer.from(bytes).readBigUInt64LE()).toBe(BigInt(padded.length));
    expect(Buffer.from(bytes).toString('utf8', 8)).toBe(padded);
  });

  it('sorts by code unit, whatever the locale', () => {
    const names = sortSpecs(['b', 'a/m', 'a', 'B', 'a_1'].map((name) => tensorOf(name, [1])));
    expect(names.map(({ name }) => name)).toEqual(['B', 'a', 'a/m', 'a_1', 'b']);
  });

  it('refuses a name that occurs twice, and shapes that are none', () => {
    expect(() => encodeSafetensorsHeader([tensorOf('a', [1]), tensorOf('a', [2])])).toThrow('two tensors');
    expect(() => encodeSafetensorsHeader([{ name: 'a', shape: [-1] }])).toThrow("can't be stored");
  });
});

describe('loadSafetensors', () => {
  it('reads back what a header and a data section make', async () => {
    const tensors = [...exampleTensors(), tensorOf('empty', [0, 4])];
    const header = encodeSafetensorsHeader(tensors, { step: '12' });
    const loaded = await load(Buffer.concat([header, dataSectionOf(tensors)]));
    expect(loaded.metadata).toEqual({ step: '12' });
    expect([...loaded.tensors.values()]).toEqual(
      [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1)).map((t) => ({ ...t, shape: [...t.shape] })),
    );
  });

  it('reads tensors in the order of a foreign file, also at unaligned offsets', async () => {
    const header = json({ b: one(0, 4, [1]), a: one(4, 8, [1]) });
    const file = Buffer.from(fileOf(header, 8));
    file.writeFloatLE(1.5, file.length - 8);
    file.writeFloatLE(-2, file.length - 4);
    const { tensors } = await load(file);
    expect([tensors.get('a')?.data[0], tensors.get('b')?.data[0]]).toEqual([-2, 1.5]);
  });

  it.each([
    ['an empty file', new Uint8Array(0), 'only 0 bytes'],
    ['a header longer than the file', fileOf('{}', 0, 9), 'claims 9 bytes, but the file has 10'],
    ['a header over the limit', fileOf('{}', 0, 100_000_001), 'the format allows 100000000'],
    ['a header of absurd length', Buffer.alloc(16, 0xff), 'the format allows'],
    ['a header that is not JSON', fileOf('{"a":', 4), 'not JSON'],
    ['a header that is a list', fileOf('[]', 0), 'not an object'],
    ['a truncated data section', fileOf(json({ a: one(0, 8, [2]) }), 7), 'cut off'],
    ['bytes after the data section', fileOf(json({ a: one(0, 8, [2]) }), 9), 'cut off'],
    ['overlapping tensors', fileOf(json({ a: one(0, 8, [2]), b: one(4, 12, [2]) }), 12), 'b overlaps'],
    ['a gap', fileOf(json({ a: one(0, 4, [1]), b: one(8, 12, [1]) }), 12), 'a gap before tensor b'],
    ['another dtype', fileOf(json({ a: one(0, 4, [2], 'F16') }), 4), 'a is F16; only F32'],
    ['a range that does not fit the shape', fileOf(json({ a: one(0, 8, [3]) }), 8), "a [3] doesn't fit"],
    ['a negative size', fileOf(json({ a: one(0, 8, [-2]) }), 8), 'not a list of sizes'],
    [
      'three offsets',
      fileOf('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}', 4),
      'not two numbers',
    ],
    ['metadata that are no texts', fileOf('{"__metadata__":{"a":1}}', 0), 'metadata a is not a text'],
  ])('refuses %s, with the file and what to do', async (_, file, reason) => {
    const failure = load(file);
    await expect(failure).rejects.toMatchObject({ code: 'bad_checkpoint' });
    await expect(failure).rejects.toThrow(reason);
    await expect(failure).rejects.toThrow(/state\.safetensors.*; take another/);
  });

  it('names a file that is missing', async () => {
    await expect(loadSafetensors('/nowhere/at.all')).rejects.toThrow('/nowhere/at.all');
  });
});
