"""What a request brings: pictures and options, as multipart form or as JSON with base64."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from bentos.common.errors import InvalidRequest, UnsupportedMediaType
from bentos.common.settings import LimitSettings

Options = TypeVar("Options", bound=BaseModel)

MAX_FIELDS = 128
MAX_FIELD_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Fields:
    """Files and options of one request, by field name."""

    files: Mapping[str, Sequence[bytes]]
    values: Mapping[str, Any]

    def one(self, name: str) -> bytes:
        """The one file of a field."""
        found = self.files.get(name, ())
        if len(found) != 1:
            raise InvalidRequest(f"Send exactly one file in the field `{name}`; there are {len(found)}.")
        return found[0]

    def many(self, name: str, limit: int) -> Sequence[bytes]:
        """The files of a repeated field, 1 to ``limit``."""
        found = self.files.get(name, ())
        if not 1 <= len(found) <= limit:
            raise InvalidRequest(
                f"Send 1 to {limit} files in the field `{name}`; there are {len(found)}.", {"limit": limit}
            )
        return found

    def options(self, schema: type[Options]) -> Options:
        """The other fields as options; an unknown or malformed one is refused by name."""
        return _validated(schema, self.values)


def options_of_query(request: Request, schema: type[Options]) -> Options:
    """Options from the query of the address.

    Raises:
        InvalidRequest: An unknown or malformed one, by name.
    """
    return _validated(schema, dict(request.query_params))


def _validated(schema: type[Options], values: Mapping[str, Any]) -> Options:
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        faults = [{"field": ".".join(map(str, e["loc"])), "reason": e["msg"]} for e in error.errors()]
        said = "; ".join(f"{fault['field']}: {fault['reason']}" for fault in faults)
        raise InvalidRequest(f"The options do not fit: {said}.", {"fields": faults}) from None


class _MemoryParser(MultiPartParser):
    """Keeps files in memory: no face is written to a temporary folder."""

    spool_max_size = 2**40


async def read_fields(request: Request, names: Sequence[str], limits: LimitSettings) -> Fields:
    """Read the body.

    Args:
        request: The request, its body unread.
        names: Names of the fields that hold files.
        limits: How much is accepted.

    Raises:
        InvalidRequest: A malformed body, or a file in an unexpected field.
        UnsupportedMediaType: Neither multipart nor JSON.
        PayloadTooLarge: Checked while reading.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        fields = await _multipart(request, limits)
    elif kind == "application/json":
        fields = _json(await request.body(), names)
    else:
        raise UnsupportedMediaType(
            f"Send multipart/form-data or application/json, not {kind or 'a body without a Content-Type'}."
        )
    if unexpected := sorted(set(fields.files) - set(names)):
        raise InvalidRequest(
            f"Unexpected file field: {', '.join(unexpected)}; files go into {', '.join(names)}."
        )
    if values := sorted(set(fields.values) & set(names)):
        raise InvalidRequest(f"The field {', '.join(values)} must be a file (in curl: -F {values[0]}=@FILE).")
    return fields


async def _multipart(request: Request, limits: LimitSettings) -> Fields:
    parser = _MemoryParser(
        request.headers,
        request.stream(),
        max_files=limits.max_batch_images + 1,
        max_fields=MAX_FIELDS,
        max_part_size=MAX_FIELD_BYTES,
    )
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, UnicodeDecodeError) as error:
        message = getattr(error, "message", "no boundary or malformed headers")
        raise InvalidRequest(f"The form cannot be read: {message.rstrip('.')}.") from error
    files: dict[str, list[bytes]] = {}
    values: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            files.setdefault(name, []).append(await value.read())
        else:
            values.setdefault(name, []).append(value)
    await form.close()
    return Fields(files, {name: found[0] if len(found) == 1 else found for name, found in values.items()})


def _json(body: bytes, names: Sequence[str]) -> Fields:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("The body is not JSON.") from error
    if not isinstance(message, dict):
        raise InvalidRequest("The body is not a JSON object.")
    files: dict[str, list[bytes]] = {}
    for name in names:
        if name in message:
            value = message.pop(name)
            files[name] = [_base64(name, item) for item in (value if isinstance(value, list) else [value])]
    return Fields(files, message)


def _base64(name: str, value: object) -> bytes:
    if not isinstance(value, str):
        raise InvalidRequest(f"`{name}` must be base64 text.")
    if value.startswith("data:"):
        value = value.partition(",")[2]
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidRequest(f"`{name}` is not base64.") from error
