import type { GraphWriter } from './writer.js';
import type { GraphValue } from './value.js';

/** An operation of the lazy graph and how it becomes ONNX nodes. */
export interface LazyOp {
  /** Unique among ops: it stands for `emit` in the key of a compiled graph. */
  readonly name: string;
  /** Writes the nodes and returns one value for each output. */
  readonly emit: (writer: GraphWriter, inputs: readonly GraphValue[], attributes: never) => GraphValue[];
}
