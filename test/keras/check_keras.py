"""Loads the weights of a run into the Keras models that they are for, and compares what the models compute.

    python check_keras.py RUN NOISE.npy IMAGES.npy

RUN's weights/*.h5 are loaded twice by `load_weights`: into a channels_first model, as the tutorial builds it, and into a
channels_last one. TensorFlow has no channels_first transposed convolution on a CPU, so the channels_last generator gets the
channels_first one's weights, its first Dense with the columns put in the other order, and computes. IMAGES is what
`gan-train sample RUN --noise NOISE.npy` made: [count, height, width, channels].
Prints one JSON object; exit code 1 when a difference is larger than the limit.
"""

import json
import os
import sys

os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'

import numpy as np  # noqa: E402
import tf_keras as keras  # noqa: E402
import yaml  # noqa: E402

L = keras.layers
limit = 1e-5


def seed_models(c, fmt):
    """The tutorial's networks: notes in libs/gan/src/architecture.ts are not consulted here."""
    m, width = c['size'] // 8, c['width']
    first = fmt == 'channels_first'
    generator = [
        L.Dense(4 * width * m * m),
        L.ReLU(),
        L.Reshape((4 * width, m, m) if first else (m, m, 4 * width)),
    ]
    for filters in (4 * width, 2 * width, width):
        generator += [L.Conv2DTranspose(filters, 5, strides=2, padding='same', data_format=fmt), L.ReLU()]
    generator += [L.Conv2D(c['channels'], 5, padding='same', data_format=fmt), L.Activation('tanh')]
    discriminator = []
    for filters in (2 * width, 4 * width, 8 * width):
        discriminator += [
            L.Conv2D(filters, 5, padding='same', data_format=fmt),
            L.LeakyReLU(0.3),
            L.MaxPooling2D(2, padding='same', data_format=fmt),
        ]
    discriminator += [
        L.Flatten(data_format=fmt),
        L.Dense(32 * width),
        L.LeakyReLU(0.3),
        L.Dense(1),
        L.Activation('sigmoid'),
    ]
    return generator, discriminator


def dcgan_models(c, fmt):
    """DCGAN with batch normalization: no biases where a normalization follows."""
    first = fmt == 'channels_first'
    axis = 1 if first else -1

    def norm():
        return L.BatchNormalization(axis=axis, momentum=0.9, epsilon=1e-5)

    stages = 1
    while c['size'] / 2**stages > 8:
        stages += 1
    m, filters = c['size'] // 2**stages, [c['width'] * 2**stage for stage in range(stages)]
    generator = [
        L.Dense(filters[-1] * m * m, use_bias=False),
        L.Reshape((filters[-1], m, m) if first else (m, m, filters[-1])),
        norm(),
        L.ReLU(),
    ]
    up = dict(strides=2, padding='same', data_format=fmt)
    for count in reversed(filters[:-1]):
        generator += [L.Conv2DTranspose(count, 5, use_bias=False, **up), norm(), L.ReLU()]
    generator += [L.Conv2DTranspose(c['channels'], 5, **up), L.Activation('tanh')]
    discriminator = []
    for stage, count in enumerate(filters):
        discriminator += [L.Conv2D(count, 5, use_bias=stage == 0, **up)]
        discriminator += [] if stage == 0 else [norm()]
        discriminator += [L.LeakyReLU(0.2)]
    discriminator += [L.Flatten(data_format=fmt), L.Dense(1), L.Activation('sigmoid')]
    return generator, discriminator


def build(c, fmt):
    image = (c['size'], c['size'], c['channels'])
    if fmt == 'channels_first':
        image = (c['channels'], c['size'], c['size'])
    layers = {'seed': seed_models, 'dcgan': dcgan_models}[c['preset']](c, fmt)
    shapes = ((c['latentDim'],), image)
    return [keras.Sequential([L.Input(shape), *network]) for shape, network in zip(shapes, layers)]


def to_channels_last(weights, reshape):
    """A first-Dense kernel or bias, last axis from (C, H, W) to (H, W, C)."""
    filters, m, _ = reshape
    grid = weights.reshape(weights.shape[:-1] + (filters, m, m))
    return np.moveaxis(grid, -3, -1).reshape(weights.shape)


def main():
    run, noise_file, images_file = sys.argv[1:]
    with open(f'{run}/config.yaml') as file:
        c = yaml.safe_load(file)
    noise, images = np.load(noise_file), np.load(images_file)

    first_g, first_d = build(c, 'channels_first')
    last_g, last_d = build(c, 'channels_last')
    first_g.load_weights(f'{run}/weights/gan_gen_weights_{c["size"]}.h5')
    first_d.load_weights(f'{run}/weights/gan_ds_weights_{c["size"]}.h5')
    reshape = next(layer for layer in first_g.layers if isinstance(layer, L.Reshape)).target_shape
    columns = np.prod(reshape)
    weights = first_g.get_weights()
    dense = 1 if weights[1].shape != (columns,) else 2
    last_g.set_weights([to_channels_last(w, reshape) for w in weights[:dense]] + weights[dense:])
    # Flatten of a channels_first model orders as a channels_last one: its weights are the same in both.
    last_d.set_weights(first_d.get_weights())

    made = last_g(noise, training=False).numpy()
    report = {
        'preset': c['preset'],
        'width': c['width'],
        'arrays': len(weights) + len(first_d.get_weights()),
        'images': list(images.shape),
        'imageSpread': float(images.std()),
        'imageDifference': float(np.abs(made - images).max()),
        'dOnKeras': last_d(images, training=False).numpy().ravel()[:4].tolist(),
    }
    print(json.dumps(report))
    sys.exit(0 if report['imageDifference'] <= limit else 1)


main()
