import { describe, expect, it } from 'vitest';
import { createGenerationMemory } from './generation-memory.js';

describe("a generation's buffers", () => {
  it('are those of the one before where they fit, and no one is given twice', () => {
    const memory = createGenerationMemory();
    const first = memory.buffers([8, 16, 8]);
    expect(first.map(({ byteLength }) => byteLength)).toEqual([8, 16, 8]);
    expect(new Set(first).size).toBe(3);
    const second = memory.buffers([16, 8, 8, 8, 24]);
    expect(second.map(({ byteLength }) => byteLength)).toEqual([16, 8, 8, 8, 24]);
    expect(new Set(second).size).toBe(5);
    expect(second.slice(0, 3)).toEqual([first[1], first[0], first[2]]);
    expect(first).not.toContain(second[3]);
  });

  it('may be there before', () => {
    const memory = createGenerationMemory();
    memory.prepare([8, 16]);
    const [first] = memory.buffers([8]);
    expect(memory.buffers([8])[0]).toBe(first);
  });

  it('are forgotten when the next one has no use for them', () => {
    const memory = createGenerationMemory();
    const [first] = memory.buffers([8]);
    memory.buffers([16]);
    expect(memory.buffers([8])[0]).not.toBe(first);
  });
});
