"""A GAN trained by PyTorch: DistributedDataParallel over Gloo for 2 and more processes, the plain modules for one."""

import peer

VARIANTS = ("contiguous", "unfused-adam", "compile")
me = peer.begin(__doc__, VARIANTS)

import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn.functional import binary_cross_entropy_with_logits  # noqa: E402
from torch.nn.parallel import DistributedDataParallel  # noqa: E402

ITEMS = 512


def seed_models(size):
    """The tutorial's networks, RGB. The last activation of D is in the loss."""
    small = size // 8
    generator = nn.Sequential(
        nn.Linear(100, 256 * small * small),
        nn.ReLU(),
        nn.Unflatten(1, (256, small, small)),
        doubling(256, 256),
        nn.ReLU(),
        doubling(256, 128),
        nn.ReLU(),
        doubling(128, 64),
        nn.ReLU(),
        nn.Conv2d(64, 3, 5, padding=2),
        nn.Tanh(),
    )
    discriminator = nn.Sequential(
        *pooled_stage(3, 128),
        *pooled_stage(128, 256),
        *pooled_stage(256, 512),
        nn.Flatten(),
        nn.Linear(512 * small * small, 2048),
        nn.LeakyReLU(0.3),
        nn.Linear(2048, 1),
    )
    return generator, discriminator


def mnist_models():
    """DCGAN at 28 px, grey, without batch normalization."""
    generator = nn.Sequential(
        nn.Linear(100, 128 * 7 * 7),
        nn.Unflatten(1, (128, 7, 7)),
        nn.ReLU(),
        doubling(128, 64),
        nn.ReLU(),
        doubling(64, 1),
        nn.Tanh(),
    )
    discriminator = nn.Sequential(
        nn.Conv2d(1, 64, 5, stride=2, padding=2),
        nn.LeakyReLU(0.2),
        nn.Conv2d(64, 128, 5, stride=2, padding=2),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(128 * 7 * 7, 1),
    )
    return generator, discriminator


def doubling(inputs, outputs):
    return nn.ConvTranspose2d(inputs, outputs, 5, stride=2, padding=2, output_padding=1)


def pooled_stage(inputs, outputs):
    return nn.Conv2d(inputs, outputs, 5, padding=2), nn.LeakyReLU(0.3), nn.MaxPool2d(2)


def initialize(module, normal):
    for parameter in module.parameters():
        if parameter.dim() == 1:
            nn.init.zeros_(parameter)
        elif normal:
            nn.init.normal_(parameter, std=0.02)
        else:
            nn.init.xavier_uniform_(parameter)


def create_training():
    """Both networks and the function that trains them by one step."""
    is_mnist = me.model == "mnist"
    size = 28 if is_mnist else int(me.model.removeprefix("seed"))
    layout = torch.contiguous_format if me.has("contiguous") else torch.channels_last
    # The same initial weights everywhere, other items and noise on every rank.
    torch.manual_seed(0)
    generator, discriminator = mnist_models() if is_mnist else seed_models(size)
    for network in (generator, discriminator):
        initialize(network, normal=is_mnist)
        network.to(memory_format=layout)
    torch.manual_seed(1 + me.rank)
    items = torch.rand(ITEMS, 1 if is_mnist else 3, size, size) * 2 - 1
    g_adam, d_adam = (
        torch.optim.Adam(
            network.parameters(),
            lr=rate,
            betas=(0.5 if is_mnist else 0.9, 0.999),
            eps=1e-7,
            fused=not me.has("unfused-adam"),
        )
        for network, rate in (
            (generator, 2e-4 if is_mnist else 1e-3),
            (discriminator, 2e-4 if is_mnist else 1e-4),
        )
    )
    # What is differentiated goes through DDP; G as the source of fakes and D frozen have nothing to reduce.
    parallel_g, parallel_d = generator, discriminator
    if me.trainers > 1:
        parallel_g, parallel_d = (
            DistributedDataParallel(network, gradient_as_bucket_view=True)
            for network in (generator, discriminator)
        )
    plain_g, plain_d = generator, discriminator
    if me.has("compile"):
        plain_g, plain_d, parallel_g, parallel_d = map(
            torch.compile, (plain_g, plain_d, parallel_g, parallel_d)
        )
    labels = torch.cat([torch.ones(me.batch, 1), torch.zeros(me.batch, 1)])
    # DCGAN adds the means over reals and over fakes, the tutorial takes the mean over both; without batch
    # normalization one batch of both serves either.
    scale = 2.0 if is_mnist else 1.0
    draw_noise = torch.randn if is_mnist else lambda *shape: torch.rand(*shape) * 2 - 1

    def step():
        real = items[torch.randint(ITEMS, (me.batch,))]
        with torch.no_grad():
            fake = plain_g(draw_noise(me.batch, 100))
        images = torch.cat([real, fake]).contiguous(memory_format=layout)
        d_adam.zero_grad(set_to_none=True)
        d_loss = scale * binary_cross_entropy_with_logits(parallel_d(images), labels)
        d_loss.backward()
        d_adam.step()

        discriminator.requires_grad_(False)
        g_adam.zero_grad(set_to_none=True)
        verdicts = plain_d(parallel_g(draw_noise(me.batch, 100)))
        g_loss = binary_cross_entropy_with_logits(verdicts, labels[: me.batch])
        g_loss.backward()
        g_adam.step()
        discriminator.requires_grad_(True)
        return d_loss.item(), g_loss.item()

    return generator, discriminator, step


def main():
    torch.set_num_threads(me.threads)
    torch.set_num_interop_threads(1)
    if me.trainers > 1:
        torch.distributed.init_process_group(
            "gloo",
            init_method=f"tcp://127.0.0.1:{me.ports[0]}",
            rank=me.rank,
            world_size=me.trainers,
        )
    generator, discriminator, step = create_training()
    networks = (generator, discriminator)
    peer.measure(
        me,
        step,
        weights=lambda: b"".join(
            p.detach().contiguous().numpy().tobytes() for network in networks for p in network.parameters()
        ),
        parameters=[sum(p.numel() for p in network.parameters()) for network in networks],
        versions={"torch": torch.__version__},
    )
    if me.trainers > 1:
        torch.distributed.destroy_process_group()


main()
