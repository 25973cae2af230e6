import { describe, expect, it } from 'vitest';
import { GraphWriter } from './writer.js';

describe('GraphWriter', () => {
  it('writes equal constants once', () => {
    const writer = new GraphWriter(new Set());
    expect(writer.int64s([1, -1])).toBe(writer.int64s([1, -1]));
    expect(writer.scalar(1)).not.toBe(writer.scalar(1, 'int32'));
    expect(writer.scalar(0)).not.toBe(writer.scalar(-0));
    expect(writer.initializers).toHaveLength(5);
  });

  it('copies what a sum would read from JavaScript memory, also through a view', () => {
    const writer = new GraphWriter(new Set());
    writer.declareInput('x', 0, 'float32', [6]);
    writer.op('ReduceSum', [writer.reshape('x', [2, 3])]);
    expect(writer.nodes.map(({ op }) => op)).toEqual(['Max', 'ReduceSum']);
  });

  it('reads an input in another shape as one more input, which no one copies', () => {
    const writer = new GraphWriter(new Set());
    writer.declareInput('x', 7, 'float32', [6]);
    expect(writer.reshape('x', [2, 3])).toBe(writer.reshape('x', [2, 3]));
    expect(writer.nodes).toEqual([]);
    expect([...writer.inputs.values()]).toMatchObject([
      { source: 7, shape: [6] },
      { source: 7, shape: [2, 3] },
    ]);
  });

  it('lets a sum read results of the graph where they are', () => {
    const writer = new GraphWriter(new Set());
    writer.declareInput('x', 0, 'float32', [6]);
    writer.op('ReduceSum', [writer.op('Mul', ['x', 'x'])]);
    expect(writer.nodes.map(({ op }) => op)).toEqual(['Mul', 'ReduceSum']);
  });
});
