"""YuNet: the published graph with bytes as input.

Source: W. Wu, H. Peng, S. Yu, "YuNet: A Tiny Millisecond-level Face Detector",
Machine Intelligence Research, 2023.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from models.export.files import only
from models.export.surgery import finish, read, take_uint8


def build(files: Mapping[str, Path]) -> bytes:
    """Return YuNet with input ``images`` uint8 [N, H, W, 3] (BGR, sides multiples of 32).

    The network takes 0-255 values as they are; the outputs are the published twelve,
    ``cls_8`` [N, (H/8)(W/8), 1] to ``kps_32`` [N, (H/32)(W/32), 10].

    Raises:
        ModelUnavailable: The file is not the expected graph.
    """
    model = read(only(files))
    take_uint8(model, "height", "width")
    for output in model.graph.output:  # published as one "dim" for three different numbers of cells
        stride = output.name.rpartition("_")[2]
        output.type.tensor_type.shape.dim[1].dim_param = f"cells_{stride}"
    return finish(model, "yunet")
