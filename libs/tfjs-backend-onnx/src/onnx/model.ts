/**
 * Writes ONNX models: the few fields of onnx.proto that a graph of tensors needs, in protobuf wire format.
 * Field numbers are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
 */

/** ONNX element types used here (TensorProto.DataType). */
export const ELEMENT_TYPE = { float32: 1, int32: 6, int64: 7, bool: 9 } as const;
export type ElementType = keyof typeof ELEMENT_TYPE;

/** A number written as INT when integral would be ambiguous, so floats are marked: `{ float: 0.2 }`. */
export type AttributeValue = number | readonly number[] | string | { readonly float: number };
export type Attributes = Readonly<Record<string, AttributeValue>>;

export interface OnnxNode {
  readonly op: string;
  /** '' is the standard operator set; 'com.microsoft' holds ONNX Runtime's own operators. */
  readonly domain: string;
  /** Names; '' leaves out an optional input. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

export interface OnnxInitializer {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Little-endian elements. */
  readonly bytes: Uint8Array;
}

export interface OnnxOutput {
  readonly name: string;
  readonly type: ElementType;
}

export interface OnnxInput extends OnnxOutput {
  readonly shape: readonly number[];
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxInitializer[];
  readonly inputs: readonly OnnxInput[];
  /** ONNX Runtime finds out about their shapes. */
  readonly outputs: readonly OnnxOutput[];
}

/** Operator set 18 of IR version 8: the first with axes as inputs of all reductions. */
const IR_VERSION = 8;
const OPSET_VERSION = 18;

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;
const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, ints: 7 };

/** Encodes a graph as a serialized ModelProto. */
export function modelFromGraph(graph: OnnxGraph): Uint8Array {
  const model = new ProtoWriter();
  model.int(1, IR_VERSION);
  model.string(2, 'tfjs-backend-onnx');
  model.message(7, (g) => writeGraph(g, graph));
  for (const domain of ['', 'com.microsoft']) {
    model.message(8, (opset) => {
      opset.string(1, domain);
      opset.int(2, domain === '' ? OPSET_VERSION : 1);
    });
  }
  return model.finish();
}

function writeGraph(writer: ProtoWriter, graph: OnnxGraph): void {
  for (const node of graph.nodes) writer.message(1, (n) => writeNode(n, node));
  writer.string(2, 'graph');
  for (const tensor of graph.initializers) {
    writer.message(5, (t) => {
      for (const dim of tensor.shape) t.int(1, dim);
      t.int(2, ELEMENT_TYPE[tensor.type]);
      t.string(8, tensor.name);
      t.bytes(9, tensor.bytes);
    });
  }
  for (const value of graph.inputs) writer.message(11, (v) => writeValue(v, value));
  for (const value of graph.outputs) writer.message(12, (v) => writeValue(v, value));
}

function writeNode(writer: ProtoWriter, node: OnnxNode): void {
  for (const input of node.inputs) writer.string(1, input);
  for (const output of node.outputs) writer.string(2, output);
  writer.string(3, node.outputs[0] ?? '');
  writer.string(4, node.op);
  for (const [name, value] of Object.entries(node.attributes)) {
    writer.message(5, (a) => writeAttribute(a, name, value));
  }
  writer.string(7, node.domain);
}

function writeAttribute(writer: ProtoWriter, name: string, value: AttributeValue): void {
  writer.string(1, name);
  if (typeof value === 'number') {
    writer.int(3, value);
    writer.int(20, ATTRIBUTE_TYPE.int);
  } else if (typeof value === 'string') {
    writer.string(4, value);
    writer.int(20, ATTRIBUTE_TYPE.string);
  } else if ('float' in value) {
    writer.float(2, value.float);
    writer.int(20, ATTRIBUTE_TYPE.float);
  } else {
    for (const item of value) writer.int(8, item);
    writer.int(20, ATTRIBUTE_TYPE.ints);
  }
}

function writeValue(writer: ProtoWriter, value: OnnxOutput | OnnxInput): void {
  writer.string(1, value.name);
  writer.message(2, (type) => {
    type.message(1, (tensor) => {
      tensor.int(1, ELEMENT_TYPE[value.type]);
      if (!('shape' in value)) return;
      tensor.message(2, (shape) => {
        for (const dim of value.shape) shape.message(1, (d) => d.int(1, dim));
      });
    });
  });
}

/** Appends protobuf fields to a growing buffer. */
class ProtoWriter {
  private buffer = Buffer.allocUnsafe(256);
  private length = 0;

  int(field: number, value: number): void {
    this.varint((field << 3) | VARINT);
    this.varint(value);
  }

  float(field: number, value: number): void {
    this.varint((field << 3) | FIXED32);
    this.reserve(4);
    this.length = this.buffer.writeFloatLE(value, this.length);
  }

  string(field: number, value: string): void {
    this.bytes(field, Buffer.from(value, 'utf8'));
  }

  bytes(field: number, value: Uint8Array): void {
    this.varint((field << 3) | LENGTH_DELIMITED);
    this.varint(value.length);
    this.reserve(value.length);
    this.buffer.set(value, this.length);
    this.length += value.length;
  }

  message(field: number, write: (writer: ProtoWriter) => void): void {
    const inner = new ProtoWriter();
    write(inner);
    this.bytes(field, inner.finish());
  }

  finish(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  /** Negative numbers take ten bytes, as int64 fields ask for. */
  private varint(value: number): void {
    this.reserve(10);
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 0x7fn) {
      this.buffer[this.length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.buffer[this.length++] = Number(rest);
  }

  private reserve(count: number): void {
    if (this.length + count <= this.buffer.length) return;
    const grown = Buffer.allocUnsafe(2 * (this.length + count));
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
  }
}
