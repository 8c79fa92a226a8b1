"""Ultra-Light-Fast-Generic-Face-Detector (RFB, 320 x 240): the published graph with bytes as input.

The layout follows the SSD family (W. Liu et al., "SSD: Single Shot MultiBox Detector", ECCV 2016) with the
receptive-field blocks of S. Liu et al., "Receptive Field Block Net", ECCV 2018.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from onnx import helper

from models.export.files import only
from models.export.surgery import add_initializer, finish, picture_input, read, swap_channels, take_uint8

WIDTH, HEIGHT = 320, 240
_MEAN, _STD = 127.0, 128.0


def build(files: Mapping[str, Path]) -> bytes:
    """Return the detector with input ``images`` uint8 [N, 240, 320, 3] (BGR).

    Outputs: ``scores`` [N, 4420, 2] (background, face; they add up to 1) and ``boxes`` [N, 4420, 4] (left,
    top, right, bottom as shares of the input's sides).

    Raises:
        ModelUnavailable: The file is not the expected graph.
    """
    model = read(only(files))
    target = picture_input(model)
    swap_channels(model)
    add_initializer(model, "pixel_mean", np.array([_MEAN], np.float32))
    add_initializer(model, "pixel_std", np.array([_STD], np.float32))
    prepare = [
        helper.make_node("Sub", ["pixels", "pixel_mean"], ["centred"], name="images/centred"),
        helper.make_node("Div", ["centred", "pixel_std"], [target], name="images/scaled"),
    ]
    take_uint8(model, HEIGHT, WIDTH, prepare)
    for output in model.graph.output:
        output.type.tensor_type.shape.dim[0].dim_param = "batch"
    return finish(model, "ultralight-rfb-320")
