"""From the pieces of a body to its lines."""

from __future__ import annotations

from collections.abc import Iterator


class Lines:
    """Cuts at line feeds alone: text inside a line of JSON may hold other characters that end lines elsewhere.

    Attributes:
        last: The line given last, or what came behind the last line feed; empty before anything came.
    """

    def __init__(self) -> None:
        self._begun = bytearray()
        self._given = b""

    def of(self, piece: bytes) -> Iterator[bytes]:
        """The lines that this piece completes, each with its line feed."""
        self._begun += piece
        end = self._begun.rfind(b"\n") + 1
        whole, self._begun = bytes(self._begun[:end]), self._begun[end:]
        for line in whole.split(b"\n")[:-1]:
            self._given = line + b"\n"
            yield self._given

    @property
    def last(self) -> bytes:
        return bytes(self._begun) or self._given
