import { GanTrainError } from '@gan-train/service';
import { sizeOfShape } from './safetensors.js';

/** The NumPy format, https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html. */
const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY
const alignment = 64;

/** A row-major float32 array as an .npy file, version 1.0. */
export function encodeNpy(shape: readonly number[], data: Float32Array): Uint8Array {
  if (sizeOfShape(shape) !== data.length) {
    throw new GanTrainError('internal', `[${shape.join(', ')}] doesn't hold ${data.length} values`);
  }
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const dictionary = `{'descr': '<f4', 'fortran_order': False, 'shape': (${sizes}), }`;
  const prefixBytes = magic.length + 4;
  const dataStart = Math.ceil((prefixBytes + dictionary.length + 1) / alignment) * alignment;
  const bytes = new Uint8Array(dataStart + data.byteLength);
  bytes.set([...magic, 1, 0]);
  new DataView(bytes.buffer).setUint16(magic.length + 2, dataStart - prefixBytes, true);
  bytes.set(new TextEncoder().encode(dictionary.padEnd(dataStart - prefixBytes - 1) + '\n'), prefixBytes);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), dataStart);
  return bytes;
}

/**
 * Reads an .npy file of little-endian float32 or float64 (rounded to float32) in C order, versions 1 to 3.
 * Throws `bad_data`, with `name` and what is wrong, for anything else.
 */
export function decodeNpy(
  bytes: Uint8Array,
  name = 'the .npy file',
): { shape: number[]; data: Float32Array } {
  if (!magic.every((byte, index) => bytes[index] === byte)) throw badNpy(name, 'it is not an .npy file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const prefixBytes = bytes[6] === 1 ? 10 : 12;
  if (bytes.length < prefixBytes) throw badNpy(name, 'it is cut off in its header');
  if (![1, 2, 3].includes(bytes[6] ?? 0)) throw badNpy(name, `version ${bytes[6]} is not known`);
  const headerBytes = prefixBytes === 10 ? view.getUint16(8, true) : view.getUint32(8, true);
  const dataStart = prefixBytes + headerBytes;
  if (bytes.length < dataStart) throw badNpy(name, 'it is cut off in its header');
  const { itemBytes, shape } = parseDictionary(
    new TextDecoder().decode(bytes.subarray(prefixBytes, dataStart)),
    name,
  );
  const wantedBytes = sizeOfShape(shape) * itemBytes;
  if (bytes.length - dataStart !== wantedBytes) {
    const found = bytes.length - dataStart;
    throw badNpy(name, `shape (${shape.join(', ')}) needs ${wantedBytes} bytes of data, it has ${found}`);
  }
  const aligned = Uint8Array.from(bytes.subarray(dataStart)).buffer; // a Buffer's slice would be a view
  return {
    shape,
    data: itemBytes === 4 ? new Float32Array(aligned) : Float32Array.from(new Float64Array(aligned)),
  };
}

/** The header is a Python dict literal with exactly three keys. */
function parseDictionary(text: string, name: string): { itemBytes: 4 | 8; shape: number[] } {
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const sizes = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(text)?.[1];
  if (descr === undefined && /'descr'\s*:\s*\[/.test(text)) throw badNpy(name, 'it holds records');
  if (descr === undefined || order === undefined || sizes === undefined) {
    throw badNpy(name, 'its header is not complete');
  }
  if (descr !== '<f4' && descr !== '<f8') {
    throw badNpy(name, `its values are ${descr}; float32 (<f4) and float64 (<f8) are read`);
  }
  const shape = sizes
    .split(',')
    .map((size) => size.trim())
    .filter((size) => size !== '')
    .map(Number);
  if (order === 'True' && shape.length > 1) throw badNpy(name, 'it is in Fortran order');
  return { itemBytes: descr === '<f4' ? 4 : 8, shape };
}

function badNpy(name: string, reason: string): GanTrainError {
  return new GanTrainError(
    'bad_data',
    `${name} can't be read: ${reason}`,
    "write it with numpy.save(file, numpy.ascontiguousarray(array, 'float32'))",
  );
}
