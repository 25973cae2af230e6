/** A numbered membership. */
export interface GenerationId {
  term: number;
  n: number;
}

/** Of a commit: a phase of a step. */
export interface Position {
  step: number;
  phase: number;
}

/** Numbered membership and place of a state's last commit; equal triples in a run mean equal bits. */
export interface Triple {
  generation: GenerationId;
  position: Position;
}

/** Before every run's first one. */
export const noGeneration: GenerationId = { term: 0, n: 0 };

/** Step 0 is complete: the next position is (1, 0). */
export const initialTriple: Triple = { generation: noGeneration, position: { step: 0, phase: 1 } };

type MaybeGeneration = GenerationId | null | undefined;

export const isSameGeneration = (a: MaybeGeneration, b: MaybeGeneration): boolean =>
  a?.term === b?.term && a?.n === b?.n;

export const isSamePosition = (a: Position, b: Position): boolean => a.step === b.step && a.phase === b.phase;

export const isSameTriple = (a: Triple, b: Triple): boolean =>
  isSameGeneration(a.generation, b.generation) && isSamePosition(a.position, b.position);

/** The last step that a state has complete: phase 1 is the last of a step. */
export const completeStep = ({ step, phase }: Position): number => (phase === 0 ? step - 1 : step);

export const nameOfGeneration = (generation: MaybeGeneration): string =>
  `${generation?.term ?? 0}.${generation?.n ?? 0}`;

/** A `StateTriple` as it arrives, where messages that were left out are null. */
export function tripleFromMessage(
  message: { generation: GenerationId | null; position: Position | null } | null,
): Triple {
  return {
    generation: message?.generation ?? noGeneration,
    position: message?.position ?? { step: 0, phase: 0 },
  };
}

export const elementsOfShape = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Bytes of float32 tensors that follow one another. */
export const sizeOfTensors = (tensors: readonly { shape: readonly number[] }[]): number =>
  4 * tensors.reduce((sum, { shape }) => sum + elementsOfShape(shape), 0);
