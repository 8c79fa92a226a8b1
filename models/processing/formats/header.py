"""What a picture's header says, and how much of a picture is accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from models.errors import ImageTooLarge, InvalidImage

Format = Literal["JPEG", "PNG", "WebP", "BMP"]
FORMATS: tuple[Format, ...] = ("JPEG", "PNG", "WebP", "BMP")


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """What is decoded at most.

    Attributes:
        max_bytes: Of the encoded picture.
        max_pixels: Width times height.
    """

    max_bytes: int = 20_000_000
    max_pixels: int = 50_000_000

    def check_bytes(self, measured: int) -> None:
        """Raise ImageTooLarge for more bytes than allowed."""
        if measured > self.max_bytes:
            raise ImageTooLarge(
                f"The picture has {measured:,} bytes, more than the {self.max_bytes:,} allowed; "
                "send a smaller file.",
                {"unit": "bytes", "limit": self.max_bytes, "measured": measured},
            )

    def check_pixels(self, width: int, height: int) -> None:
        """Raise ImageTooLarge for more pixels than allowed."""
        if width * height > self.max_pixels:
            raise ImageTooLarge(
                f"The picture has {width} x {height} pixels, more than the {self.max_pixels:,} allowed; "
                "send a smaller one.",
                {"unit": "pixels", "limit": self.max_pixels, "measured": width * height}
                | {"width": width, "height": height},
            )


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """A picture's header.

    Attributes:
        format: By content, not by name.
        width: In pixels, as stored.
        height: In pixels, as stored.
        mode: Pillow's name for the stored pixels: ``1``, ``L``, ``LA``, ``P``, ``RGB``, ``RGBA``,
            ``CMYK``, ``I;16`` (16-bit grey).
        orientation: EXIF orientation, 1 (upright) to 8.
    """

    format: Format
    width: int
    height: int
    mode: str
    orientation: int = 1

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height once the orientation is applied."""
        return (self.height, self.width) if self.orientation > 4 else (self.width, self.height)


def damaged(what: str) -> InvalidImage:
    """The error for bytes that begin like a picture and do not go on like one."""
    return InvalidImage(f"The picture is truncated or damaged ({what}); send the complete file.")
