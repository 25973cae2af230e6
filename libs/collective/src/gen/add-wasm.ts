/** libs/collective/assembly/add.ts, compiled: made by `npm run generate`. */
const base64 =
  'AGFzbQEAAAABCAFgBH9/f38AAg8BA2VudgZtZW1vcnkCAAADAgEABxACA2FkZAAABm1lbW9yeQIACj8BPQEBfyAAQQJ0IQADQCAAIARLBEAgAyAEaiABIARq/QAEACACIARq/QAEAP3kAf0LBAAgBEEQaiEEDAELCws=';

let compiled: WebAssembly.Module | undefined;

/** What it exports, with this memory as its own. */
export function instantiateAdd(memory: WebAssembly.Memory): object {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports;
}
