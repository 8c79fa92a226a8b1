"""A registry that is rude, slow or out to do harm."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from certificates import write_pair
from odd_server import Answer, Handler, OddServer, answer, broken_off, dripping, endless, silent, trickling
from pydantic import SecretStr
from registered import a_bundle

from bentos.common.errors import ConfigurationError, DependencyUnavailable
from bentos.common.registry.client import RegistryClient, SizeLimits, Version, file_names
from models.catalogue import CATALOGUE
from models.catalogue.serial import card_to_json
from models.errors import ModelUnavailable
from models.runtime.bundle import CARDS

TOKEN = "a-token-that-nobody-may-read"
VERSION = Version("antispoofing", "3")


def _client(server: OddServer, timeout_s: float = 5.0, limits: SizeLimits | None = None) -> RegistryClient:
    return RegistryClient(server.url, SecretStr(TOKEN), timeout_s, limits)


def _models(*aliases: object) -> Answer:
    return answer(json.dumps({"registered_model": {"name": "antispoofing", "aliases": aliases}}).encode())


def _cards(**changes: str) -> bytes:
    return json.dumps([card_to_json(replace(CATALOGUE["yunet-n"], **changes))]).encode()


def test_asks_for_the_aliases_with_its_token() -> None:
    with OddServer(_models({"alias": "champion", "version": "3"})) as server:
        assert _client(server).aliases("antispoofing") == {"champion": VERSION}
    (asked,) = server.asked
    assert asked.path == "/api/2.0/mlflow/registered-models/get?name=antispoofing"
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"


def test_an_address_may_have_a_path() -> None:
    with OddServer(_models()) as server:
        assert RegistryClient(f"{server.url}/ml/flow/").aliases("a b") == {}
    assert server.asked[0].path == "/ml/flow/api/2.0/mlflow/registered-models/get?name=a+b"
    assert "Authorization" not in server.asked[0].headers


def test_a_model_that_it_does_not_know_has_no_aliases() -> None:
    unknown = answer(json.dumps({"error_code": "RESOURCE_DOES_NOT_EXIST"}).encode(), 404)
    with OddServer(unknown) as server:
        assert _client(server).aliases("antispoofing") == {}


@pytest.mark.parametrize(
    "given",
    [
        answer(b"<html>", 404),
        answer(json.dumps({"error_code": "ENDPOINT_NOT_FOUND"}).encode(), 404),
        answer(b"", 500),
        answer(b"", 503),
        answer(b"", 401),
        answer(b"", 403),
        answer(b"not json"),
        answer(b"[]"),
        answer(b"{}"),
        answer(b'{"registered_model": 1}'),
        answer(b"[" * 100_000),
        answer(b"\xff\xfe"),
        _models({"alias": "champion"}),
        _models({"alias": "champion", "version": "../../x"}),
        _models({"alias": "champion", "version": "1" * 400}),
        _models("champion"),
        broken_off,
    ],
)
def test_what_is_not_mlflows_answer_is_an_outage(given: Answer) -> None:
    with OddServer(given) as server, pytest.raises(DependencyUnavailable) as refused:
        _client(server).aliases("antispoofing")
    assert TOKEN not in refused.value.message


def test_an_answer_has_a_limit() -> None:
    with OddServer(endless) as server, pytest.raises(DependencyUnavailable, match="longer than"):
        _client(server, timeout_s=60).aliases("antispoofing")


@pytest.mark.parametrize("given", [silent, dripping, trickling])
def test_it_is_not_waited_for_for_ever(given: Answer) -> None:
    with OddServer(given) as server, pytest.raises(DependencyUnavailable, match="no answer"):
        _client(server, timeout_s=0.5).aliases("antispoofing")


def test_nobody_listens() -> None:
    with OddServer(silent) as server:
        address = server.url
    with pytest.raises(DependencyUnavailable, match="ConnectError"):
        RegistryClient(address).aliases("antispoofing")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_the_token_is_sent_nowhere_else(status: int) -> None:
    with OddServer(_models()) as elsewhere:
        with (
            OddServer(answer(b"", status, Location=f"{elsewhere.url}/x")) as server,
            pytest.raises(DependencyUnavailable, match="elsewhere"),
        ):
            _client(server).aliases("antispoofing")
        assert not elsewhere.asked


def test_what_is_compressed_is_not_unpacked() -> None:
    with (
        OddServer(answer(b"\x1f\x8b" + b"\0" * 64, Content_Encoding="gzip")) as server,
        pytest.raises(DependencyUnavailable, match="MLflow"),
    ):
        _client(server).aliases("antispoofing")
    assert server.asked[0].headers["Accept-Encoding"] == "identity"


def test_neither_the_token_nor_a_password_is_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "bentos")
    with OddServer(answer(b"", 500)) as server:
        client = RegistryClient(f"http://user:pass-word@127.0.0.1:{server.port}", SecretStr(TOKEN))
        with pytest.raises(DependencyUnavailable) as refused:
            client.aliases("antispoofing")
    said = f"{refused.value.message} {refused.value.details} {client.address} {caplog.text}"
    assert TOKEN not in said
    assert "pass-word" not in said
    assert client.address == server.url


@pytest.mark.parametrize(
    "address", ["", "sqlite:///x", "file:///etc", "/etc", "http://", "databricks", "http://[::"]
)
def test_an_address_is_http_or_https(address: str) -> None:
    with pytest.raises(ConfigurationError, match="FACESOCIAL_MLFLOW_URI"):
        RegistryClient(address)


@pytest.mark.parametrize("token", ["a b", "a\nb", "a\r\nX: y", "\u00e4", "a\0"])
def test_a_token_is_one_that_a_header_carries(token: str) -> None:
    with pytest.raises(ConfigurationError, match="FACESOCIAL_MLFLOW_TOKEN") as refused:
        RegistryClient("http://localhost", SecretStr(token))
    assert token not in refused.value.message


def test_an_empty_token_is_none() -> None:
    with OddServer(_models()) as server:
        RegistryClient(server.url, SecretStr(" ")).aliases("antispoofing")
    assert "Authorization" not in server.asked[0].headers


def _serving(files: dict[str, bytes]) -> Answer:
    def send(handler: Handler) -> None:
        name = handler.path.rpartition("path=")[2]
        answer(files[name])(handler) if name in files else answer(b"", 404)(handler)

    return send


def test_brings_a_bundle(tmp_path: Path) -> None:
    bundle = a_bundle(tmp_path / "made", b"graph")
    files = {path.name: path.read_bytes() for path in bundle.folder.iterdir()}
    (tmp_path / "here").mkdir()
    with OddServer(_serving(files)) as server:
        client = _client(server)
        client.download(VERSION, client.cards(VERSION), tmp_path / "here")
    assert {path.name: path.read_bytes() for path in (tmp_path / "here").iterdir()} == files
    assert "/model-versions/get-artifact?name=antispoofing&version=3&path=" in server.asked[1].path


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "../../outside"},
        {"name": "/etc/outside"},
        {"name": "a/b"},
        {"name": "a\\b"},
        {"name": ".hidden"},
        {"name": "a\0b"},
        {"name": "a" * 300},
        {"version": "../1"},
        {"sha256": "/../../../x"},
    ],
)
def test_a_name_that_leaves_the_folder_is_refused(changes: dict[str, str], tmp_path: Path) -> None:
    with OddServer(answer(b"x")) as server, pytest.raises(ModelUnavailable, match="folder"):
        _client(server).download(VERSION, _cards(**changes), tmp_path)
    assert not server.asked
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "cards",
    [
        b"",
        b"{",
        b"{}",
        b"[]",
        b"[1]",
        b"[" * 100_000,
        json.dumps([card_to_json(CATALOGUE["yunet-n"])] * 17).encode(),
    ],
)
def test_what_is_no_list_of_cards_is_refused(cards: bytes) -> None:
    with pytest.raises(ModelUnavailable):
        file_names(cards)


def test_a_graph_is_named_once() -> None:
    with pytest.raises(ModelUnavailable, match="twice"):
        file_names(json.dumps([card_to_json(CATALOGUE["yunet-n"])] * 2).encode())


def _announcing(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n")
    handler.over.wait(60)


@pytest.mark.parametrize("given", [endless, answer(b"x" * 1001), _announcing])
def test_a_file_has_a_limit(given: Answer, tmp_path: Path) -> None:
    with OddServer(given) as server, pytest.raises(ModelUnavailable, match="larger than 1000 bytes"):
        _client(server, limits=SizeLimits(file=1000)).download(VERSION, _cards(), tmp_path)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 1000


def test_all_files_together_have_a_limit(tmp_path: Path) -> None:
    cards = json.dumps([card_to_json(CATALOGUE[name]) for name in ("minifasnet-v2", "minifasnet-v1se")])
    limits = SizeLimits(file=1000, bundle=1500)
    with OddServer(answer(b"x" * 1000)) as server, pytest.raises(ModelUnavailable, match="larger than 500"):
        _client(server, limits=limits).download(VERSION, cards.encode(), tmp_path)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (broken_off, DependencyUnavailable),
        (trickling, DependencyUnavailable),
        (answer(b"", 500), DependencyUnavailable),
        (answer(b"", 404), ModelUnavailable),
    ],
)
def test_a_download_that_fails(given: Answer, kind: type[Exception], tmp_path: Path) -> None:
    with OddServer(given) as server, pytest.raises(kind):
        _client(server, timeout_s=0.2).download(VERSION, _cards(), tmp_path)
    assert not (tmp_path / CARDS).exists()


def test_a_disk_that_is_full_is_no_fault_of_the_version(tmp_path: Path) -> None:
    with OddServer(answer(b"x")) as server, pytest.raises(DependencyUnavailable, match="written"):
        _client(server).download(VERSION, _cards(), tmp_path / "not there")


def test_a_certificate_that_nobody_trusts_is_refused(tmp_path: Path) -> None:
    with (
        OddServer(_models(), write_pair(tmp_path, "localhost")) as server,
        pytest.raises(DependencyUnavailable, match="no answer"),
    ):
        _client(server).aliases("antispoofing")
    assert not server.asked


@pytest.mark.timeout(60)  # half of what it would take
@pytest.mark.parametrize("call", [lambda client: client.aliases("a"), lambda client: client.cards(VERSION)])
def test_closing_ends_what_is_under_way(call: Callable[[RegistryClient], object]) -> None:
    with OddServer(silent) as server:
        client = _client(server, timeout_s=120)
        threading.Timer(0.3, client.close).start()
        with pytest.raises(DependencyUnavailable, match="ends"):
            call(client)
        with pytest.raises(DependencyUnavailable, match="ends"):
            client.aliases("antispoofing")
        assert len(server.asked) == 1
