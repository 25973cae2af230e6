# Image gan-train-trainer:VERSION-gpu: that of docker/Dockerfile and a native TensorFlow, from build/images/gpu/KIND, the context.
ARG TRAINER
FROM ${TRAINER}
LABEL org.opencontainers.image.description="gan-train's trainer on NVIDIA GPUs, and the whole command"
# This engine must load, or nothing begins. The driver is the node's; its container toolkit is asked for what computes.
ENV GAN_TRAIN_TFJS_NODE=/opt/gan-train \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY engine /opt/gan-train
