"""Bodies as callers send them, and as nobody should."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bentos.common.errors import FaceSocialError
from bentos.common.http_errors import body_of, status_of
from bentos.common.requests import read_fields
from bentos.common.settings import Settings
from bentos.contracts import DetectOptions

LIMITS = Settings().limits
IMAGE = b"\xff\xd8\xff\xe0 not really"
BASE64 = base64.b64encode(IMAGE).decode()


async def one(request: Request) -> JSONResponse:
    try:
        many = request.url.path == "/batch"
        fields = await read_fields(request, ["images" if many else "image"], LIMITS)
        files = fields.many("images", LIMITS.max_batch_images) if many else [fields.one("image")]
        options = fields.options(DetectOptions)
        return JSONResponse({"files": [len(file) for file in files], "options": options.model_dump()})
    except FaceSocialError as error:
        return JSONResponse(body_of(error).model_dump(mode="json"), status_of(error))


@pytest.fixture
def client() -> httpx.AsyncClient:
    app = Starlette(routes=[Route("/one", one, methods=["POST"]), Route("/batch", one, methods=["POST"])])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


async def refused(answer: httpx.Response, status: int = 400, code: str = "INVALID_REQUEST") -> dict[str, Any]:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_form_with_options(client: httpx.AsyncClient) -> None:
    data = {"min_score": "0.25", "max_faces": "3"}
    answer = await client.post("/one", files={"image": IMAGE}, data=data)
    assert answer.json() == {
        "files": [len(IMAGE)],
        "options": {"min_score": 0.25, "min_size": 0.0, "max_faces": 3},
    }


@pytest.mark.parametrize("text", [BASE64, f"data:image/jpeg;base64,{BASE64}"])
async def test_json_with_base64(client: httpx.AsyncClient, text: str) -> None:
    answer = await client.post("/one", json={"image": text, "max_faces": 2})
    assert answer.json()["files"] == [len(IMAGE)]
    assert answer.json()["options"]["max_faces"] == 2


async def test_a_batch_either_way_and_its_bounds(client: httpx.AsyncClient) -> None:
    form = await client.post("/batch", files=[("images", IMAGE)] * 64)
    body = await client.post("/batch", json={"images": [BASE64] * 3})
    assert (len(form.json()["files"]), len(body.json()["files"])) == (64, 3)
    await refused(await client.post("/batch", files=[("images", IMAGE)] * 65))
    await refused(await client.post("/batch", json={"images": [BASE64] * 65}))
    await refused(await client.post("/batch", json={"images": []}))


async def test_a_large_picture_is_never_written_to_disk(
    client: httpx.AsyncClient, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path_factory.mktemp("gone")
    monkeypatch.setenv("TMPDIR", str(gone / "missing"))
    monkeypatch.setattr("tempfile.tempdir", str(gone / "missing"))  # a file there could not be opened
    answer = await client.post("/one", files={"image": b"x" * 15_000_000})
    assert answer.json()["files"] == [15_000_000]


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"min_scroe": "0.5"}, "min_scroe"),
        ({"min_score": "much"}, "min_score"),
        ({"min_score": "2"}, "min_score"),
        ({"max_faces": "-1"}, "max_faces"),
        ({"min_score": "nan"}, "min_score"),
        ({"min_size": "inf"}, "min_size"),
    ],
)
async def test_an_option_that_does_not_fit_is_named(
    client: httpx.AsyncClient, data: dict[str, str], field: str
) -> None:
    found = await refused(await client.post("/one", files={"image": IMAGE}, data=data))
    assert [fault["field"] for fault in found["details"]["fields"]] == [field]


FORM = {"Content-Type": "multipart/form-data; boundary=b"}
PART = b'--b\r\nContent-Disposition: form-data; name="image"; filename="i"\r\n\r\nxyz'


@pytest.mark.parametrize(
    "request_parts",
    [
        {"data": {"min_score": "0.5"}, "files": {"photo": IMAGE}},
        {"files": [("image", IMAGE), ("image", IMAGE)]},
        {"files": {"image": (None, "text where a file is wanted")}},
        {"files": {"other": (None, "nothing at all")}},
        {"content": b"xyz", "headers": {"Content-Type": "multipart/form-data"}},
        {"content": b"no boundary in here", "headers": FORM},
        {"content": PART.replace(b"form-data; ", b""), "headers": FORM},
        {"content": b"", "headers": FORM},
        {"json": {}},
        {"json": []},
        {"json": "text"},
        {"json": {"image": 5}},
        {"json": {"image": None}},
        {"json": {"image": "not base64!"}},
        {"json": {"image": [BASE64, BASE64]}},
        {"json": {"image": {"a": BASE64}}},
        {"content": b"{", "headers": {"Content-Type": "application/json"}},
        {"content": b"\xff\xfe", "headers": {"Content-Type": "application/json"}},
        {"content": b"[" * 200_000, "headers": {"Content-Type": "application/json"}},
    ],
)
async def test_bodies_that_are_refused(client: httpx.AsyncClient, request_parts: dict[str, Any]) -> None:
    await refused(await client.post("/one", **request_parts))


@pytest.mark.parametrize("kind", ["text/plain", "image/jpeg", "application/x-www-form-urlencoded", ""])
async def test_other_kinds_of_body(client: httpx.AsyncClient, kind: str) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = await client.post("/one", content=IMAGE, headers=headers)
    await refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


async def test_no_address_is_fetched(client: httpx.AsyncClient) -> None:
    await refused(await client.post("/one", json={"image": "http://127.0.0.1:1/photo.jpg"}))
    found = await refused(await client.post("/one", json={"image": BASE64, "url": "http://127.0.0.1:1/"}))
    assert json.dumps(found["details"]).count("url") == 1
