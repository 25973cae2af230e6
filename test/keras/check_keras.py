"""Loads the weights of a run into the Keras models that they are for, and compares what the models compute.

    python check_keras.py RUN NOISE.npy IMAGES.npy JUDGED.npy VERDICTS.npy < CONFIG.json

The models are channels_first, as the tutorial builds them, and RUN's weights/*.h5 go in by `load_weights`. IMAGES
[count, height, width, channels] is what `gan-train sample` made of NOISE [count, latent]; VERDICTS [n, 1] is what our
discriminator says of the images JUDGED.
Prints one JSON object; exit code 1 when a difference is larger than the limit.
"""

import json
import os
import sys

os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
# channels_first convolutions on a CPU are oneDNN's, which TensorFlow takes by itself on some CPUs only.
os.environ['TF_ENABLE_ONEDNN_OPTS'] = '1'

import numpy as np  # noqa: E402
import tf_keras as keras  # noqa: E402

L = keras.layers
limit = 1e-5
first = {'data_format': 'channels_first'}
same = {'padding': 'same', **first}


def seed_layers(size, width, channels):
    """The tutorial's networks."""
    m = size // 8
    generator = [L.Dense(4 * width * m * m), L.ReLU(), L.Reshape((4 * width, m, m))]
    for filters in (4 * width, 2 * width, width):
        generator += [L.Conv2DTranspose(filters, 5, strides=2, **same), L.ReLU()]
    generator += [L.Conv2D(channels, 5, **same), L.Activation('tanh')]
    discriminator = []
    for filters in (2 * width, 4 * width, 8 * width):
        discriminator += [L.Conv2D(filters, 5, **same), L.LeakyReLU(0.3), L.MaxPooling2D(2, **same)]
    discriminator += [L.Flatten(**first), L.Dense(32 * width), L.LeakyReLU(0.3), L.Dense(1), L.Activation('sigmoid')]
    return generator, discriminator


def dcgan_layers(size, width, channels):
    """DCGAN with batch normalization, and no bias where one follows."""
    stages = 1
    while size / 2**stages > 8:
        stages += 1
    m, filters = size // 2**stages, [width * 2**stage for stage in range(stages)]

    def norm():
        return L.BatchNormalization(axis=1, momentum=0.9, epsilon=1e-5)

    generator = [L.Dense(filters[-1] * m * m, use_bias=False), L.Reshape((filters[-1], m, m)), norm(), L.ReLU()]
    for count in reversed(filters[:-1]):
        generator += [L.Conv2DTranspose(count, 5, strides=2, use_bias=False, **same), norm(), L.ReLU()]
    generator += [L.Conv2DTranspose(channels, 5, strides=2, **same), L.Activation('tanh')]
    discriminator = []
    for stage, count in enumerate(filters):
        discriminator += [L.Conv2D(count, 5, strides=2, use_bias=stage == 0, **same)]
        discriminator += [L.LeakyReLU(0.2)] if stage == 0 else [norm(), L.LeakyReLU(0.2)]
    discriminator += [L.Flatten(**first), L.Dense(1), L.Activation('sigmoid')]
    return generator, discriminator


def main():
    run, *files = sys.argv[1:]
    noise, images, judged, verdicts = map(np.load, files)
    c = json.load(sys.stdin)
    size, channels = c['size'], c['channels']

    layers = {'seed': seed_layers, 'dcgan': dcgan_layers}[c['preset']](size, c['width'], channels)
    shapes = ((c['latentDim'],), (channels, size, size))
    generator, discriminator = (keras.Sequential([L.Input(shape), *part]) for shape, part in zip(shapes, layers))
    generator.load_weights(f'{run}/weights/gan_gen_weights_{size}.h5')
    discriminator.load_weights(f'{run}/weights/gan_ds_weights_{size}.h5')

    made = generator(noise, training=False).numpy().transpose(0, 2, 3, 1)
    said = discriminator(judged.transpose(0, 3, 1, 2), training=False).numpy()
    report = {
        'preset': c['preset'],
        'width': c['width'],
        'arrays': len(generator.get_weights()) + len(discriminator.get_weights()),
        'generator': float(np.abs(made - images).max()),
        'discriminator': float(np.abs(said - verdicts).max()),
        'imageSpread': float(images.std(axis=0).max()),
        'verdictSpread': float(verdicts.std()),
    }
    print(json.dumps(report))
    close = made.shape == images.shape and max(report['generator'], report['discriminator']) <= limit
    # Equal constants would prove little.
    telling = min(report['imageSpread'], report['verdictSpread']) >= 100 * limit
    sys.exit(0 if close and telling else 1)


main()
