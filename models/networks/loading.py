"""Copy published tensors into torch modules."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from models.errors import ModelUnavailable
from models.export.readers.tensors import Floats, Tensors

_COUNTER = "num_batches_tracked"


def assign(target: torch.Tensor, values: NDArray[np.float32]) -> None:
    """Copy ``values`` into a parameter or buffer of the same shape, in place.

    Raises:
        ModelUnavailable: The shapes differ.
    """
    if tuple(target.shape) != values.shape:
        raise ModelUnavailable(f"A tensor of shape {values.shape} does not fit {tuple(target.shape)}.")
    with torch.no_grad():
        target.copy_(torch.from_numpy(np.ascontiguousarray(values)))


def load_state(network: nn.Module, tensors: Tensors, prefix: str = "") -> None:
    """Copy a state dict whose names are ``prefix`` and the names of the network's own.

    Raises:
        ModelUnavailable: A tensor is missing, left over, or of another shape.
    """
    state = {name: value for name, value in network.state_dict().items() if not name.endswith(_COUNTER)}
    left_over = set(tensors) - {prefix + name for name in state}
    if left_over:
        raise ModelUnavailable(
            f"The network has no place for {sorted(left_over)[0]}: it is another network's."
        )
    for name, target in state.items():
        assign(target, tensors[prefix + name])


def load_keras_conv(layer: nn.Conv2d, tensors: Tensors, name: str) -> None:
    """Copy a Keras convolution: kernel [k, k, in, out] and bias [out]."""
    assign(layer.weight, tensors[f"{name}/kernel"].transpose(3, 2, 0, 1))
    assign(_present(layer.bias), tensors[f"{name}/bias"])


def load_keras_norm(layer: nn.BatchNorm2d, tensors: Tensors, name: str) -> None:
    """Copy a Keras batch normalisation."""
    assign(layer.weight, tensors[f"{name}/gamma"])
    assign(layer.bias, tensors[f"{name}/beta"])
    assign(_present(layer.running_mean), tensors[f"{name}/moving_mean"])
    assign(_present(layer.running_var), tensors[f"{name}/moving_variance"])


def load_keras_dense(
    layer: nn.Linear, tensors: Tensors, name: str, grid: tuple[int, int, int] | None = None
) -> None:
    """Copy a Keras dense layer: kernel [in, out] and bias [out].

    Args:
        layer: Where to.
        tensors: Of the file.
        name: Of the layer in the file.
        grid: Channels, height and width of what is flattened in front of it; Keras flattens channels last.
    """
    kernel: Floats = tensors[f"{name}/kernel"]
    if grid is not None:
        channels, height, width = grid
        kernel = kernel.reshape(height, width, channels, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)
    assign(layer.weight, kernel.T)
    assign(_present(layer.bias), tensors[f"{name}/bias"])


def _present(tensor: torch.Tensor | None) -> torch.Tensor:
    if tensor is None:
        raise ModelUnavailable("The layer has no place for a tensor of the file.")
    return tensor
