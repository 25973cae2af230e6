"""The GANs in Keras (tf_keras, Keras 2: what the tutorial is written for), and one step of their training."""

import tensorflow as tf
import tf_keras
from tf_keras import layers

ITEMS = 512


def seed_models(size):
    """The tutorial's networks, RGB. The last activation of D is in the loss."""
    small = size // 8
    generator = tf_keras.Sequential(
        [
            layers.Input([100]),
            layers.Dense(256 * small * small, activation="relu"),
            layers.Reshape([small, small, 256]),
            *(
                layers.Conv2DTranspose(filters, 5, strides=2, padding="same", activation="relu")
                for filters in (256, 128, 64)
            ),
            layers.Conv2D(3, 5, padding="same", activation="tanh"),
        ]
    )
    stages = [
        [layers.Conv2D(filters, 5, padding="same"), layers.LeakyReLU(0.3), layers.MaxPool2D(2)]
        for filters in (128, 256, 512)
    ]
    discriminator = tf_keras.Sequential(
        [
            layers.Input([size, size, 3]),
            *sum(stages, []),
            layers.Flatten(),
            layers.Dense(2048),
            layers.LeakyReLU(0.3),
            layers.Dense(1),
        ]
    )
    return generator, discriminator


def mnist_models():
    """DCGAN at 28 px, grey, without batch normalization."""

    def normal():
        return {"kernel_initializer": tf_keras.initializers.RandomNormal(stddev=0.02)}

    halving = {"kernel_size": 5, "strides": 2, "padding": "same"}
    generator = tf_keras.Sequential(
        [
            layers.Input([100]),
            layers.Dense(7 * 7 * 128, **normal()),
            layers.Reshape([7, 7, 128]),
            layers.ReLU(),
            layers.Conv2DTranspose(64, activation="relu", **halving, **normal()),
            layers.Conv2DTranspose(1, activation="tanh", **halving, **normal()),
        ]
    )
    discriminator = tf_keras.Sequential(
        [
            layers.Input([28, 28, 1]),
            layers.Conv2D(64, **halving, **normal()),
            layers.LeakyReLU(0.2),
            layers.Conv2D(128, **halving, **normal()),
            layers.LeakyReLU(0.2),
            layers.Flatten(),
            layers.Dense(1, **normal()),
        ]
    )
    return generator, discriminator


def use_threads(threads):
    """To be called before anything is computed."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def create_training(me):
    """Both networks and one step of one replica, to be called in a tf.function; under a strategy, in its scope."""
    is_mnist = me.model == "mnist"
    size = 28 if is_mnist else int(me.model.removeprefix("seed"))
    # The same initial weights everywhere, other items and noise on every rank.
    tf_keras.utils.set_random_seed(0)
    generator, discriminator = mnist_models() if is_mnist else seed_models(size)
    tf_keras.utils.set_random_seed(1 + me.rank)
    items = tf.random.uniform([ITEMS, size, size, 1 if is_mnist else 3], -1, 1)
    adam = tf_keras.optimizers.Adam if me.has("new-adam") else tf_keras.optimizers.legacy.Adam
    beta_1 = 0.5 if is_mnist else 0.9
    g_adam = adam(2e-4 if is_mnist else 1e-3, beta_1=beta_1, epsilon=1e-7)
    d_adam = adam(2e-4 if is_mnist else 1e-4, beta_1=beta_1, epsilon=1e-7)
    labels = tf.concat([tf.ones([me.batch, 1]), tf.zeros([me.batch, 1])], 0)
    # DCGAN adds the means over reals and over fakes, the tutorial takes the mean over both; without batch
    # normalization one batch of both serves either.
    scale = 2.0 if is_mnist else 1.0

    def loss_of(verdicts, labels):
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=verdicts))

    def noise():
        shape = [me.batch, 100]
        return tf.random.normal(shape) if is_mnist else tf.random.uniform(shape, -1, 1)

    def update(network, optimizer, tape, loss):
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply_gradients(zip(gradients, network.trainable_variables))

    def step():
        real = tf.gather(items, tf.random.uniform([me.batch], maxval=ITEMS, dtype=tf.int32))
        images = tf.concat([real, generator(noise(), training=True)], 0)
        with tf.GradientTape() as tape:
            d_loss = scale * loss_of(discriminator(images, training=True), labels)
            # The gradients of the replicas are added up.
            share = d_loss / me.trainers
        update(discriminator, d_adam, tape, share)
        with tf.GradientTape() as tape:
            verdicts = discriminator(generator(noise(), training=True), training=True)
            g_loss = loss_of(verdicts, labels[: me.batch])
            share = g_loss / me.trainers
        update(generator, g_adam, tape, share)
        return d_loss, g_loss

    return generator, discriminator, step


def report_arguments(generator, discriminator):
    """What `peer.measure` is told of both networks."""
    networks = (generator, discriminator)
    return {
        "weights": lambda: b"".join(w.tobytes() for network in networks for w in network.get_weights()),
        "parameters": [network.count_params() for network in networks],
        "versions": {"tensorflow": tf.__version__, "tf_keras": tf_keras.__version__},
    }
