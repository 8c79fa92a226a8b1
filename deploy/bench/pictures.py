"""What is sent: a photograph-like picture of drawn people, as a JPEG of 1280 x 720 pixels."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import cycle
from typing import Literal

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from deploy.local.stack import ROOT

Kind = Literal["portrait", "group"]
SIZE = (1280, 720)
SAMPLES = ROOT / "workbench" / "samples"


def picture(kind: Kind) -> bytes:
    """One person, or five, with the noise of a camera: about 220 kB at quality 88."""
    drawn = Image.open(SAMPLES / f"{kind}.jpg").convert("RGB")
    pixels = np.asarray(ImageOps.pad(drawn, SIZE, color=(96, 104, 112)), np.int16)
    noise = np.random.default_rng(0).integers(-12, 12, pixels.shape)
    return _jpeg(Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8)))


def variants(seed: int = 0) -> Iterator[bytes]:
    """Without end, pictures of the drawn people, no two alike: turned, cropped, mirrored, in another light."""
    rng = np.random.default_rng(seed)
    drawn = [Image.open(SAMPLES / f"{kind}.jpg").convert("RGB") for kind in ("portrait", "group")]
    for image in cycle(drawn):
        yield _jpeg(_varied(image, rng))


def _varied(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    turned = image.rotate(rng.uniform(-8, 8), Image.Resampling.BICUBIC, fillcolor=(96, 104, 112))
    left, top, right, bottom = rng.uniform(0.0, 0.06, 4)
    width, height = image.size
    box = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
    size = (round(width * rng.uniform(0.7, 1.1)), round(height * rng.uniform(0.7, 1.1)))
    cut = turned.resize(size, Image.Resampling.BICUBIC, box)
    lit = ImageEnhance.Color(ImageEnhance.Brightness(cut).enhance(rng.uniform(0.6, 1.3)))
    coloured = lit.enhance(rng.uniform(0.4, 1.6))
    return ImageOps.mirror(coloured) if rng.random() < 0.5 else coloured


def _jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()
