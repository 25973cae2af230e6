/** Turns a plan into an ONNX model. */
import { modelFromGraph } from '../onnx/model.js';
import type { OnnxNode, OnnxOutput } from '../onnx/model.js';
import { plainName, plainValue, splatValue, viewOf } from '../emit/value.js';
import type { GraphValue } from '../emit/value.js';
import { GraphWriter, type GraphInput } from '../emit/writer.js';
import type { Use, Value } from './graph.js';
import type { Plan } from './plan.js';

export interface CompiledPlan {
  readonly model: Uint8Array;
  /** Inputs with the numbers of the plan's leaves that they read; a leaf may be read in several shapes. */
  readonly inputs: readonly GraphInput[];
  /** Names of the plan's outputs, in their order. */
  readonly outputs: readonly string[];
}

/** Compiles a plan; the result depends on nothing but its key. */
export function compilePlan(plan: Plan): CompiledPlan {
  const writer = new GraphWriter(new Set(plan.nodes.map((node) => node.op.name)));
  const values = new Map<Value, GraphValue>();
  plan.leaves.forEach((leaf, i) => {
    writer.declareInput(`x${i}`, i, leaf.dtype, leaf.shape);
    values.set(leaf, plainValue(`x${i}`, leaf.shape, leaf.dtype));
  });
  const valueOf = ({ value, shape }: Use): GraphValue => {
    let known = values.get(value);
    if (!known) {
      // The only data that is not a leaf.
      known = splatValue(writer, value.splat!, value.shape, value.dtype);
      values.set(value, known);
    }
    return viewOf(writer, known, shape);
  };
  for (const node of plan.nodes) {
    const results = node.op.emit(writer, node.inputs.map(valueOf), node.attributes as never);
    node.outputs.forEach((output, i) => values.set(output, results[i]!));
  }
  const outputs = emitOutputs(writer, plan.outputs, values);
  const inputs = [...writer.inputs.values()];
  const nodes = neededNodes(writer.nodes, outputs);
  const model = modelFromGraph({ nodes, initializers: writer.initializers, inputs, outputs });
  return {
    model,
    inputs,
    outputs: outputs.map(({ name }) => name),
  };
}

/**
 * Graph outputs need a name of their own: that of a node which is no other output. Only their elements are read, so what was
 * merely reshaped last is taken as it was before: a Reshape to an output is a copy.
 */
function emitOutputs(
  writer: GraphWriter,
  outputs: readonly Value[],
  values: ReadonlyMap<Value, GraphValue>,
): OnnxOutput[] {
  const taken = new Set<string>();
  return outputs.map((output) => {
    let name = writer.reshapedFrom(plainName(writer, values.get(output)!));
    if (taken.has(name) || !writer.isComputed(name)) name = writer.op('Identity', [name]);
    taken.add(name);
    return { name, type: output.dtype };
  });
}

/** Nodes that outputs depend on, in their order. */
function neededNodes(nodes: readonly OnnxNode[], outputs: readonly OnnxOutput[]): OnnxNode[] {
  const needed = new Set(outputs.map(({ name }) => name));
  return nodes
    .toReversed()
    .filter((node) => {
      if (!node.outputs.some((name) => needed.has(name))) return false;
      for (const name of node.inputs) needed.add(name);
      return true;
    })
    .reverse();
}
