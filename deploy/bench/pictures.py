"""What is sent: a photograph-like picture of drawn people, as a JPEG of 1280 x 720 pixels."""

from __future__ import annotations

import io
from typing import Literal

import numpy as np
from PIL import Image, ImageOps

from deploy.local.stack import ROOT

Kind = Literal["portrait", "group"]
SIZE = (1280, 720)
SAMPLES = ROOT / "workbench" / "samples"


def picture(kind: Kind) -> bytes:
    """One person, or five, with the noise of a camera: about 220 kB at quality 88."""
    drawn = Image.open(SAMPLES / f"{kind}.jpg").convert("RGB")
    pixels = np.asarray(ImageOps.pad(drawn, SIZE, color=(96, 104, 112)), np.int16)
    noise = np.random.default_rng(0).integers(-12, 12, pixels.shape)
    buffer = io.BytesIO()
    Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()
