/** Decides what one run computes: pure functions over the lazy graph. */
import type { LazyNode, Use, Value } from './graph.js';

/** One run: everything that the compiled graph and its cache key depend on, in a fixed order. */
export interface Plan {
  /** Pending nodes that the targets need, inputs before outputs. */
  readonly nodes: readonly LazyNode[];
  /** Data that the nodes read, in the order of first use. Splats are part of the graph instead. */
  readonly leaves: readonly Value[];
  /** Values to be stored: the targets and what live tensors will still need. */
  readonly outputs: readonly Value[];
  /** Equal keys mean equal compiled graphs. */
  readonly key: string;
}

/**
 * Plans the computation of the pending `targets`.
 *
 * Of the values on the way, those are stored too that a live tensor holds, or that another pending node, one that a live
 * tensor can still reach, will read; all others are never materialised.
 *
 * @param livePending pending values that tensors hold
 */
export function planFromTargets(targets: readonly Value[], livePending: Iterable<Value>): Plan {
  const nodes = pendingNodesOf(targets);
  const planned = new Set(nodes);
  const needed = new Set(targets);
  const reachable = pendingNodesOf([...livePending]);
  for (const node of reachable) {
    if (planned.has(node)) continue;
    for (const { value } of node.inputs) {
      if (value.producer && planned.has(value.producer)) needed.add(value);
    }
  }
  const outputs: Value[] = [];
  for (const node of nodes) {
    for (const value of node.outputs) if (value.live || needed.has(value)) outputs.push(value);
  }
  const { leaves, key } = describe(nodes, outputs);
  return { nodes, leaves, outputs, key };
}

/** Pending nodes behind the values, in the order in which they were recorded. */
function pendingNodesOf(values: readonly Value[]): LazyNode[] {
  const found = new Set<LazyNode>();
  const stack: LazyNode[] = [];
  const visit = (value: Value): void => {
    const { producer } = value;
    if (producer && !found.has(producer)) {
      found.add(producer);
      stack.push(producer);
    }
  };
  values.forEach(visit);
  for (let node = stack.pop(); node; node = stack.pop()) {
    for (const use of node.inputs) visit(use.value);
  }
  return [...found].sort((a, b) => a.sequence - b.sequence);
}

/** Numbers the values of a plan, so that its text does not depend on when its nodes were recorded. */
function describe(nodes: readonly LazyNode[], outputs: readonly Value[]): { leaves: Value[]; key: string } {
  const leaves: Value[] = [];
  const names = new Map<Value, string>();
  const nameOf = ({ value, shape }: Use): string => {
    let name = names.get(value);
    if (name === undefined) {
      name = value.splat === undefined ? `l${leaves.push(value)}` : `=${value.splat}`;
      name += `${value.dtype}[${value.shape.join()}]`;
      names.set(value, name);
    }
    return shape === value.shape ? name : `${name}@${shape.join()}`;
  };
  let text = '';
  nodes.forEach((node, index) => {
    text += `${node.op.name}${node.attributesKey}(${node.inputs.map(nameOf).join(' ')})`;
    node.outputs.forEach((value, i) => {
      names.set(value, `${index}.${i}`);
      text += `${value.dtype}[${value.shape.join()}]`;
    });
    text += '\n';
  });
  text += outputs.map((value) => names.get(value)).join(' ');
  return { leaves, key: text };
}
