import { engineContract } from '@gan-train/tfjs-backend-onnx/testing';
import { loadEngine } from '@gan-train/trainer/engine';

engineContract('tensorflow', async () => {
  await loadEngine('tensorflow', 1);
});
