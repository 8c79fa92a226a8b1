"""The members of one large JSON object, one after another: the file is never in memory as a whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from training_eval.data.lists import malformed
from training_eval.errors import DataMissing

LONGEST_ENTRY = 1 << 20
"""Characters: a longer name or value is not looked at further."""
_PIECE = 1 << 16
_BLANKS = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


def entries(path: Path) -> Iterator[tuple[int, str, object]]:
    """Number from 1, name and value of each member, in the file's order.

    Raises:
        DataMissing: The file cannot be read, is not UTF-8, or is not one JSON object; the message says at which member.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from _Object(path, file).members()
    except OSError as error:
        raise DataMissing(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DataMissing(f"{path}: this is not UTF-8.") from error


class _Object:
    """A window on the text that moves forward."""

    def __init__(self, path: Path, file: TextIO) -> None:
        self._path = path
        self._file = file
        self._text = ""
        self._at = 0
        self._count = 0

    def members(self) -> Iterator[tuple[int, str, object]]:
        self._take("{")
        if self._ahead() == "}":
            return
        while True:
            self._count += 1
            name = self._value()
            if not isinstance(name, str):
                raise self._wrong("a name is missing")
            self._take(":")
            yield self._count, name, self._value()
            if self._ahead() == "}":
                return
            self._take(",")

    def _ahead(self) -> str:
        """The next character that is no blank; none at the end."""
        while True:
            blanks = _BLANKS.match(self._text, self._at)
            self._at = blanks.end() if blanks else self._at
            if self._at < len(self._text) or not self._fill():
                return self._text[self._at : self._at + 1]

    def _take(self, character: str) -> None:
        if self._ahead() != character:
            raise self._wrong(f"{character!r} is missing")
        self._at += 1

    def _value(self) -> object:
        self._ahead()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                if len(self._text) - self._at > LONGEST_ENTRY or not self._fill():
                    raise self._wrong("this is no JSON") from error
                continue
            # A number may go on in the next piece.
            if end < len(self._text) or not self._fill():
                self._at = end
                return value

    def _fill(self) -> bool:
        piece = self._file.read(_PIECE)
        self._text, self._at = self._text[self._at :] + piece, 0
        return bool(piece)

    def _wrong(self, what: str) -> DataMissing:
        return malformed(self._path, self._count, what, "entry")
