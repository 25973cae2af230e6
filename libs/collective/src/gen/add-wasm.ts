/** libs/collective/assembly/add.ts, compiled: made by `npm run generate`. */
export const addWasm =
  'AGFzbQEAAAABCAFgBH9/f38AAg8BA2VudgZtZW1vcnkCAAADAgEABxACA2FkZAAABm1lbW9yeQIACj8BPQEBfyAAQQJ0IQADQCAAIARLBEAgAyAEaiABIARq/QAEACACIARq/QAEAP3kAf0LBAAgBEEQaiEEDAELCws=';
