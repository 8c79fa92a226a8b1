"""Parts of the OpenAPI document that FastAPI cannot derive: bodies that come as form or as JSON."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from bentos.contracts import Failure

Schema = dict[str, Any]
NDJSON = "application/x-ndjson"
SECURED: Mapping[str, Any] = {"security": [{"bearer": []}]}
"""Of an operation that needs a token."""

ERRORS: Mapping[int, str] = {
    400: "Malformed request or image",
    401: "No valid token",
    403: "The role does not allow it",
    413: "Too many bytes or pixels",
    415: "Neither multipart nor JSON",
    503: "Overloaded, or a model or dependency is unavailable",
}


def responses(
    success: type[BaseModel], *extra: tuple[int, str], status: int = 200
) -> dict[int | str, dict[str, Any]]:
    """Answers of a route: success, the usual errors and those of its own."""
    return {status: {"model": success, "description": "Success"}, **failures(*extra)}


def failures(*extra: tuple[int, str]) -> dict[int | str, dict[str, Any]]:
    """The usual errors and those of the route's own."""
    return {status: {"model": Failure, "description": text} for status, text in (*ERRORS.items(), *extra)}


def query(options: type[BaseModel]) -> dict[str, Any]:
    """Options that come in the query of the address."""
    properties = options.model_json_schema()["properties"]
    return {
        "parameters": [
            {"name": name, "in": "query", "required": False, "schema": schema}
            for name, schema in properties.items()
        ]
    }


def body(files: Sequence[str], options: type[BaseModel], many: bool = False) -> dict[str, Any]:
    """The request body of a route: ``files`` as uploads in a form or as base64 in JSON, beside the options."""
    forms = {
        "multipart/form-data": {"type": "string", "format": "binary"},
        "application/json": {"type": "string", "contentEncoding": "base64"},
    }
    content = {kind: {"schema": _with_files(files, options, item, many)} for kind, item in forms.items()}
    return {"requestBody": {"required": True, "content": content}, **SECURED}


def form(file: str, options: type[BaseModel]) -> dict[str, Any]:
    """The request body of a route that takes one file in a form alone: it is too large for JSON."""
    item = {"type": "string", "format": "binary"}
    content = {"multipart/form-data": {"schema": _with_files([file], options, item, many=False)}}
    return {"requestBody": {"required": True, "content": content}, **SECURED}


def _with_files(files: Sequence[str], options: type[BaseModel], item: Schema, many: bool) -> Schema:
    schema = copy.deepcopy(options.model_json_schema())
    schema.pop("title", None)
    one: Schema = {"type": "array", "items": item, "minItems": 1, "maxItems": 64} if many else item
    schema["properties"] = {**dict.fromkeys(files, one), **schema.get("properties", {})}
    schema["required"] = [*files, *schema.get("required", [])]
    return schema
