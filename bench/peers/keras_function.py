"""A GAN trained by Keras in one process: the whole step is one tf.function."""

import peer

me = peer.begin(__doc__, ("xla", "new-adam"), one_process=True)

import tensorflow as tf  # noqa: E402

import keras_training  # noqa: E402


def main():
    keras_training.use_threads(me.threads)
    generator, discriminator, step = keras_training.create_training(me)
    compiled = tf.function(step, jit_compile=me.has("xla"))
    peer.measure(
        me,
        lambda: [float(loss) for loss in compiled()],
        **keras_training.report_arguments(generator, discriminator),
    )


main()
