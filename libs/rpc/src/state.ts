/** Numbered membership and place of a state's last commit; equal triples in a run mean equal bits. */
export interface Triple {
  generation: { term: number; n: number };
  position: { step: number; phase: number };
}

/** A `StateTriple` as it arrives, where messages that were left out are null. */
export function tripleFromMessage(
  message: { generation: Triple['generation'] | null; position: Triple['position'] | null } | null,
): Triple {
  return {
    generation: message?.generation ?? { term: 0, n: 0 },
    position: message?.position ?? { step: 0, phase: 0 },
  };
}

export const elementsOfShape = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Bytes of float32 tensors that follow one another. */
export const sizeOfTensors = (tensors: readonly { shape: readonly number[] }[]): number =>
  4 * tensors.reduce((sum, { shape }) => sum + elementsOfShape(shape), 0);
