/** Collects the nodes and constants of one ONNX graph. */
import type { TensorDtype } from '../onnx/binding.js';
import { ELEMENT_TYPE } from '../onnx/model.js';
import type { Attributes, ElementType, OnnxInitializer, OnnxNode } from '../onnx/model.js';

/** An input of the graph, or one of the shapes in which one is read. */
export interface GraphInput {
  readonly name: string;
  /** Whose elements it has. */
  readonly source: number;
  readonly type: TensorDtype;
  readonly shape: readonly number[];
}

/** Operators whose sums are grouped by the address of their input. */
const READS_ALIGNED = new Set(['ReduceSum', 'ReduceMean', 'ReduceProd', 'ReduceMax', 'ReduceMin']);

export class GraphWriter {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxInitializer[] = [];
  /** By name. */
  readonly inputs = new Map<string, GraphInput>();
  private readonly shared = new Map<string, string | readonly string[]>();
  private readonly constants = new Map<string, string>();
  private readonly views = new Map<string, string>();
  private readonly aliases = new Map<string, string>();
  private readonly computed = new Set<string>();

  /** @param opNames names of all lazy ops of the graph, for an op that depends on what comes after it */
  constructor(readonly opNames: ReadonlySet<string>) {}

  /** Declares a graph input: JavaScript memory, at an address that no one chose. `source` is what the caller knows it by. */
  declareInput(name: string, source: number, dtype: TensorDtype, shape: readonly number[]): void {
    this.inputs.set(name, { name, source, type: dtype, shape });
  }

  /** Adds a node with one output and returns its name. */
  op(op: string, inputs: readonly string[], attributes: Attributes = {}, domain = ''): string {
    return this.ops(op, inputs, 1, attributes, domain)[0]!;
  }

  /** Adds a node with several outputs. */
  ops(
    op: string,
    inputs: readonly string[],
    count: number,
    attributes: Attributes = {},
    domain = '',
  ): string[] {
    const [first, ...others] = inputs;
    const sources = READS_ALIGNED.has(op) ? [this.alignedInput(first!), ...others] : inputs;
    const outputs = Array.from({ length: count }, (_, i) => `n${this.nodes.length}_${i}`);
    this.nodes.push({ op, domain, inputs: sources, outputs, attributes });
    for (const output of outputs) this.computed.add(output);
    return outputs;
  }

  /** Results that several ops of a graph share: what `write` writes, once for a key. */
  once<Names extends string | readonly string[]>(key: string, write: () => Names): Names {
    const known = this.shared.get(key);
    if (known !== undefined) return known as Names;
    const names = write();
    this.shared.set(key, names);
    return names;
  }

  /**
   * The same elements in another shape. ONNX Runtime's Reshape shares the memory of its own arrays and copies graph inputs;
   * those are declared once more instead.
   */
  reshape(name: string, shape: readonly number[]): string {
    const key = `${name} ${shape.join()}`;
    let view = this.views.get(key);
    if (view === undefined) {
      const input = this.inputs.get(name);
      view = input && !shape.includes(-1) ? this.inputView(input, shape) : this.reshaped(name, shape);
      this.views.set(key, view);
    }
    return view;
  }

  private inputView({ name, source, type }: GraphInput, shape: readonly number[]): string {
    const view = `${name}[${shape.join()}]`;
    this.declareInput(view, source, type, shape);
    return view;
  }

  private reshaped(name: string, shape: readonly number[]): string {
    const view = this.op('Reshape', [name, this.int64s(shape)], { allowzero: 1 });
    this.aliases.set(view, this.reshapedFrom(name));
    return view;
  }

  /** What holds the same elements, and is not the result of a Reshape. */
  reshapedFrom(name: string): string {
    return this.aliases.get(name) ?? name;
  }

  /** Converts elements: floats to integers by truncation, anything to bool by != 0. */
  cast(name: string, dtype: TensorDtype): string {
    return this.op('Cast', [name], { to: ELEMENT_TYPE[dtype] });
  }

  /** A constant list of int64, as axes, shapes and splits are given. */
  int64s(values: readonly number[]): string {
    return this.constant('int64', [values.length], BigInt64Array.from(values, BigInt));
  }

  /** A constant of rank 0. */
  scalar(value: number, dtype: TensorDtype = 'float32'): string {
    return this.numbers([value], [], dtype);
  }

  numbers(values: readonly number[], shape: readonly number[], dtype: TensorDtype = 'float32'): string {
    const make = { float32: Float32Array, int32: Int32Array, bool: Uint8Array }[dtype];
    return this.constant(dtype, shape, make.from(values));
  }

  /** Whether a node computes it: it's neither a graph input nor a constant. */
  isComputed(name: string): boolean {
    return this.computed.has(name);
  }

  /**
   * An input of a sum. ONNX Runtime's sums treat the elements before the first aligned address otherwise than the rest,
   * so that the last bit depends on where an array lies. Its own memory is always aligned, JavaScript's is not: what
   * lies there is copied first.
   */
  private alignedInput(name: string): string {
    // Max of one input is a plain copy.
    return this.inputs.has(this.reshapedFrom(name)) ? this.op('Max', [name]) : name;
  }

  private constant(type: ElementType, shape: readonly number[], data: NodeJS.TypedArray): string {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const key = `${type}[${shape.join()}]${Buffer.from(bytes).toString('base64')}`;
    let name = this.constants.get(key);
    if (name === undefined) {
      name = `c${this.constants.size}`;
      this.constants.set(key, name);
      this.initializers.push({ name, type, shape, bytes });
    }
    return name;
  }
}
