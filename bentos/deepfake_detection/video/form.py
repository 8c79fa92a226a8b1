"""A form with one file, read in pieces: the file is handed on as it comes, the options are gathered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NoReturn

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from bentos.common.errors import InvalidRequest, UnsupportedMediaType
from bentos.common.requests import MAX_FIELD_BYTES, Fields, Options

FORM = b"multipart/form-data"
DISPOSITION = b"content-disposition"


class FileForm(Generic[Options]):
    """Takes a multipart form (RFC 7578) apart.

    Memory holds the options alone; what does not belong into the form, such as an option that is unknown or comes
    twice, is refused as soon as it is seen.

    Args:
        content_type: The request's header.
        name: The field of the file.
        schema: Of the options, all of which may be left out.
        write: Takes the file's bytes; they are valid during the call alone.

    Raises:
        UnsupportedMediaType: It is another type.
        InvalidRequest: There is no usable boundary.
    """

    def __init__(
        self, content_type: str, name: str, schema: type[Options], write: Callable[[memoryview], None]
    ) -> None:
        self._name = name
        self._schema = schema
        self._write = write
        self._values: dict[str, list[str]] = {}
        self._files = 0
        self._ended = False
        self._header = (bytearray(), bytearray())
        self._disposition = ""
        self._field: str | None = None
        self._value = bytearray()
        self._parser = self._made(_boundary(content_type))

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body.

        Raises:
            InvalidRequest: It is malformed, or holds what does not belong here.
        """
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise _unreadable("it is malformed") from error

    def end(self) -> Options:
        """The options, once all bytes were fed.

        Raises:
            InvalidRequest: The form is cut off, or it has no file.
        """
        if not self._ended:
            raise _unreadable("it ends before its last boundary")
        if not self._files:
            raise InvalidRequest(f"Send exactly one file in the field `{self._name}`; there are 0.")
        return self._options()

    def _made(self, boundary: bytes) -> MultipartParser:
        try:
            return MultipartParser(
                boundary,
                {
                    "on_part_begin": self._on_part_begin,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": self._on_part_data,
                    "on_part_end": self._on_part_end,
                    "on_end": self._on_end,
                },
            )
        except FormParserError as error:
            raise _unreadable("its boundary is too long") from error

    def _on_part_begin(self) -> None:
        self._disposition = ""
        self._field = None
        self._value.clear()

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])

    def _on_header_end(self) -> None:
        name, value = self._header
        if name.lower() == DISPOSITION:
            self._disposition = value.decode("latin-1")
        name.clear()
        value.clear()

    def _on_headers_finished(self) -> None:
        _, parameters = parse_options_header(self._disposition)
        if b"name" not in parameters:
            raise _unreadable("a part has no name")
        name = _text(parameters[b"name"])
        if b"filename" in parameters:
            self._begin_file(name)
        else:
            self._begin_field(name)

    def _begin_file(self, name: str) -> None:
        if name != self._name:
            raise InvalidRequest(f"Unexpected file field: {name}; the file goes into {self._name}.")
        self._files += 1
        if self._files > 1:
            raise InvalidRequest(f"Send exactly one file in the field `{name}`; there are more.")

    def _begin_field(self, name: str) -> None:
        if name == self._name:
            raise InvalidRequest(f"The field {name} must be a file (in curl: -F {name}=@FILE).")
        self._field = name

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._field is None:
            self._write(memoryview(data)[start:end])
            return
        if len(self._value) + end - start > MAX_FIELD_BYTES:
            raise _unreadable(f"the field {self._field} is larger than {MAX_FIELD_BYTES // 1024} KB")
        self._value += data[start:end]

    def _on_part_end(self) -> None:
        if self._field is not None:
            self._values.setdefault(self._field, []).append(_text(self._value))
            self._options()  # a fault is said before a file that follows has been read

    def _on_end(self) -> None:
        self._ended = True

    def _options(self) -> Options:
        values = {name: found[0] if len(found) == 1 else found for name, found in self._values.items()}
        return Fields({}, values).options(self._schema)


def _boundary(content_type: str) -> bytes:
    kind, parameters = parse_options_header(content_type)
    if kind.strip() != FORM:
        raise UnsupportedMediaType(
            f"Send multipart/form-data, not {kind.decode('latin-1') or 'a body without a Content-Type'}."
        )
    return parameters.get(b"boundary") or _no_boundary()


def _no_boundary() -> NoReturn:
    raise _unreadable("its boundary is missing")


def _text(value: bytes | bytearray) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise _unreadable("a name or a value is not UTF-8") from None


def _unreadable(why: str) -> InvalidRequest:
    return InvalidRequest(f"The form cannot be read: {why}.")
