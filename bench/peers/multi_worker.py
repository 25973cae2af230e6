"""A GAN trained by Keras under TensorFlow's MultiWorkerMirroredStrategy, one process a worker, over this machine's loopback."""

import json
import os

import peer

me = peer.begin(__doc__, ["new-adam"])
os.environ["TF_CONFIG"] = json.dumps(
    {
        "cluster": {"worker": [f"127.0.0.1:{port}" for port in me.ports]},
        "task": {"type": "worker", "index": me.rank},
    }
)

import tensorflow as tf  # noqa: E402

import keras_training  # noqa: E402


def main():
    keras_training.use_threads(me.threads)
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    with strategy.scope():
        generator, discriminator, step = keras_training.create_training(me)

    @tf.function
    def everywhere():
        return strategy.run(step)

    def run():
        # Of a loss that is worked out on every worker this is the own one.
        return [float(strategy.experimental_local_results(loss)[0]) for loss in everywhere()]

    peer.measure(me, run, **keras_training.report_arguments(generator, discriminator))


main()
