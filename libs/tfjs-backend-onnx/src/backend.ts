/** The backend object: tensors' data and the recording of kernels. */
import { DataStorage, engine, KernelBackend, util } from '@tensorflow/tfjs-core';
import type {
  BackendValues,
  DataId,
  DataType,
  NamedAttrMap,
  NamedTensorInfoMap,
  TensorInfo,
} from '@tensorflow/tfjs-core';
import type { LazyOp } from './emit/op.js';
import { sameShape } from './emit/value.js';
import type { Fallback } from './fallback.js';
import { tensorDtype } from './kernels/kernel.js';
import type { LazyKernel, Recorder } from './kernels/kernel.js';
import { Executor } from './lazy/executor.js';
import type { ExecutorOptions, ExecutorStats } from './lazy/executor.js';
import { createNode, valueFromData } from './lazy/graph.js';
import type { OutputSpec, Use, Value } from './lazy/graph.js';
import type { TensorDtype, TensorValues } from './onnx/binding.js';

/** What a data id stands for. Strings and complex numbers are only stored, as TensorFlow.js gives them. */
interface Entry {
  refCount: number;
  readonly content: Value | BackendValues;
}

export interface BackendOptions extends ExecutorOptions {
  /** Nodes recorded since the last run of everything, at which all is run, so that no program grows without bound. */
  readonly maxPendingNodes: number;
}

/**
 * A lazy TensorFlow.js backend. Kernels record nodes; `readSync`, `read` and {@link OnnxBackend.flush} compile the part
 * of the recorded graph that is needed into one ONNX graph and run it.
 */
export class OnnxBackend extends KernelBackend implements Recorder {
  private readonly storage = new DataStorage<Entry>(this, engine());
  private readonly executor: Executor;
  private readonly livePending = new Set<Value>();
  private recordedNodes = 0;

  constructor(
    private readonly options: BackendOptions,
    private readonly fallback: Fallback,
  ) {
    super();
    this.executor = new Executor(options);
  }

  /** Counters since the backend was made. */
  get stats(): Readonly<ExecutorStats> {
    return this.executor.stats;
  }

  /**
   * Computes pending tensors in one run, without reading them.
   *
   * @param dataIds of the tensors to compute; all that are pending if left out. Those that have data are skipped.
   */
  flush(dataIds?: readonly DataId[]): void {
    const targets = dataIds
      ? dataIds.map((dataId) => this.storage.get(dataId).content).filter(isValue)
      : [...this.livePending];
    this.compute(targets);
    if (!dataIds) this.recordedNodes = 0;
  }

  override write(values: BackendValues, shape: number[], dtype: DataType): DataId {
    const dataId = {};
    this.store(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(
    dataId: DataId,
    values: BackendValues,
    shape: number[],
    dtype: DataType,
    refCount: number,
  ): void {
    this.store(dataId, values, shape, dtype, refCount);
  }

  override readSync(dataId: DataId): BackendValues {
    const { content } = this.storage.get(dataId);
    if (!isValue(content)) return content;
    if (content.producer) this.compute([content]);
    return content.data!;
  }

  override read(dataId: DataId): Promise<BackendValues> {
    return Promise.resolve(this.readSync(dataId));
  }

  override refCount(dataId: DataId): number {
    return this.storage.has(dataId) ? this.storage.get(dataId).refCount : 0;
  }

  /** TensorFlow.js calls this for variables. What a variable holds will change, so it's never a part of a graph. */
  override incRef(dataId: DataId): void {
    const entry = this.storage.get(dataId);
    entry.refCount++;
    if (isValue(entry.content)) entry.content.splat = undefined;
  }

  override disposeData(dataId: DataId, force = false): boolean {
    if (!this.storage.has(dataId)) return true;
    const entry = this.storage.get(dataId);
    entry.refCount--;
    if (entry.refCount > 0 && !force) return false;
    if (isValue(entry.content)) {
      entry.content.live = false;
      this.livePending.delete(entry.content);
    }
    this.storage.delete(dataId);
    return true;
  }

  override numDataIds(): number {
    return this.storage.numDataIds();
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: false };
  }

  override async time(f: () => void): Promise<{ kernelMs: number }> {
    this.flush();
    const start = util.now();
    f();
    this.flush();
    return Promise.resolve({ kernelMs: util.now() - start });
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override dispose(): void {
    this.executor.dispose();
  }

  /** Records a kernel call, or computes it with TensorFlow.js's JavaScript kernel. */
  runKernel(
    name: string,
    kernel: LazyKernel | undefined,
    inputs: NamedTensorInfoMap,
    attributes: NamedAttrMap,
  ): TensorInfo | TensorInfo[] {
    const isEmpty = Object.values(inputs)
      .flat()
      .some((t) => t && util.sizeFromShape(t.shape) === 0);
    const recorded = isEmpty ? undefined : kernel?.record({ recorder: this, inputs, attributes });
    return recorded ?? this.fallback.run(name, this, inputs, attributes);
  }

  use({ dataId, shape, dtype }: TensorInfo, as: readonly number[] = shape): Use {
    const { content } = this.storage.get(dataId);
    if (!isValue(content))
      throw new Error(`a ${dtype} tensor can be an input of TensorFlow.js's own kernels only`);
    return { value: content, shape: sameShape(as, content.shape) ? content.shape : as };
  }

  record(
    op: LazyOp,
    inputs: readonly Use[],
    attributes: unknown,
    outputs: readonly OutputSpec[],
  ): TensorInfo[] {
    if (this.recordedNodes++ >= this.options.maxPendingNodes) this.flush();
    return createNode(op, inputs, attributes, outputs).outputs.map((value) => {
      const dataId = {};
      this.storage.set(dataId, { refCount: 1, content: value });
      value.live = true;
      this.livePending.add(value);
      return { dataId, shape: [...value.shape], dtype: value.dtype };
    });
  }

  view({ dataId, dtype }: TensorInfo, shape: readonly number[]): TensorInfo {
    this.storage.get(dataId).refCount++;
    return { dataId, shape: [...shape], dtype };
  }

  knownValues({ dataId }: TensorInfo): TensorValues | undefined {
    const { content } = this.storage.get(dataId);
    return isValue(content) ? content.data : undefined;
  }

  scalar(value: number, dtype: TensorDtype): Use {
    const shape: number[] = [];
    return { value: valueFromData(typedValues([value], dtype), shape, dtype), shape };
  }

  private compute(targets: readonly Value[]): void {
    this.executor.compute(targets, this.livePending);
    for (const value of this.livePending) if (!value.producer) this.livePending.delete(value);
  }

  private store(
    dataId: DataId,
    values: BackendValues,
    shape: number[],
    dtype: DataType,
    refCount: number,
  ): void {
    const numeric = tensorDtype(dtype);
    const content = numeric
      ? valueFromData(typedValues(values as TensorValues | number[], numeric), shape, numeric)
      : values;
    if (isValue(content)) content.live = true;
    this.storage.set(dataId, { refCount, content });
  }
}

function isValue(content: Value | BackendValues): content is Value {
  return 'shape' in content;
}

/** Values as the array type of their dtype. One over shared memory is copied: ONNX Runtime's binding refuses those. */
function typedValues(values: TensorValues | readonly number[], dtype: TensorDtype): TensorValues {
  const make = { float32: Float32Array, int32: Int32Array, bool: Uint8Array }[dtype];
  if (values instanceof make && !(values.buffer instanceof SharedArrayBuffer)) return values;
  return make.from(values);
}
