import { stagesFromSize } from '@gan-train/gan/presets';
import { layersFromOptions, type LayerSpec } from '@gan-train/gan/architecture';
import type { EncodeKerasOptions, FirstDense, KerasLayer, NamedTensor } from '@gan-train/checkpoint';
import { modelFromConfig, type RunConfig } from '@gan-train/service';

export interface KerasFile {
  name: string;
  layers: KerasLayer[];
  options: EncodeKerasOptions;
}

type WeightedLayer = LayerSpec & { kind: KerasLayer['kind'] };

const hasWeights = (layer: LayerSpec): layer is WeightedLayer =>
  ['dense', 'conv2d', 'conv2d_transpose', 'batch_normalization'].includes(layer.kind);

/**
 * Both networks as the tutorial's weight files, in channels_first order as the tutorial's own models have it. `tensors` are
 * a checkpoint's, by name.
 */
export function kerasFiles(config: RunConfig, tensors: ReadonlyMap<string, NamedTensor>): KerasFile[] {
  const model = modelFromConfig(config);
  const networks = layersFromOptions(model);
  const layersOf = (network: 'generator' | 'discriminator'): KerasLayer[] =>
    networks[network].filter(hasWeights).map(({ name, kind }) => {
      const prefix = `${network}/`;
      const own = [...tensors.values()].filter((tensor) => tensor.name.startsWith(`${prefix}${name}/`));
      return {
        name,
        kind,
        weights: own.map((tensor) => ({ ...tensor, name: tensor.name.slice(prefix.length) })),
      };
    });
  const firstDense = firstDenseOf(config);
  return [
    {
      name: `gan_gen_weights_${config.size}.h5`,
      layers: layersOf('generator'),
      options: { dataFormat: 'channels_first', firstDense },
    },
    {
      name: `gan_ds_weights_${config.size}.h5`,
      layers: layersOf('discriminator'),
      options: { dataFormat: 'channels_first' },
    },
  ];
}

/** The generator's first Dense layer: its columns are an image of m x m x filters. */
export function firstDenseOf(config: RunConfig): FirstDense {
  const model = modelFromConfig(config);
  const { generator } = layersFromOptions(model);
  const reshape = generator.find((layer) => layer.kind === 'reshape');
  return {
    layer: generator[0]?.name ?? '',
    m: model.size / 2 ** stagesFromSize(model.preset, model.size),
    filters: reshape?.shape[2] ?? 0,
  };
}
