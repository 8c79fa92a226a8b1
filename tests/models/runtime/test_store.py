"""Where weights come from, and that nothing but the named bytes is ever kept."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from models.catalogue.card import CropRule, InputSpec, Licence, ModelCard, Task, WeightFile
from models.errors import DigestMismatch, WeightsMissing
from models.runtime.store import CHUNK, Recipe, WeightStore, digest

FIRST = bytes(range(256)) * 300  # more than one chunk
SECOND = b"second file"
GRAPH = FIRST + SECOND
NOWHERE = "http://127.0.0.1:1"  # nobody listens on this port


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def card(author: str = NOWHERE, graph: bytes = GRAPH, name: str = "tiny") -> ModelCard:
    files = {"first.bin": FIRST, "second.bin": SECOND}
    return ModelCard(
        task=Task.AGE_GENDER,
        name=name,
        version="1.0.0",
        summary="Two files, one after the other.",
        weights=tuple(
            WeightFile(name=file, sha256=sha(data), size=len(data), url=f"{author}/author/{file}")
            for file, data in files.items()
        ),
        recipe="join",
        sha256=sha(graph),
        input=InputSpec(colour="BGR", width=8, height=8),
        crop=CropRule(kind="picture"),
        licence=Licence(code="MIT", url="https://example.org", training_data="none"),
    )


class Join:
    """A recipe that counts how often it is used."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, files: Mapping[str, Path]) -> bytes:
        self.calls += 1
        return b"".join(files[name].read_bytes() for name in ("first.bin", "second.bin"))


class Heard:
    """Everything that a pull said."""

    def __init__(self) -> None:
        self.events: list[tuple[str, int]] = []

    def start(self, name: str, total: int) -> None:
        self.events.append((f"start {name}", total))

    def advance(self, count: int) -> None:
        self.events.append(("advance", count))

    def finish(self) -> None:
        self.events.append(("finish", 0))

    @property
    def bytes(self) -> int:
        return sum(count for name, count in self.events if name == "advance")


class Website:
    """A real server on this machine; ``files`` are its pages, ``asked`` what was asked for."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.promised: int | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, site: Website, *args: object) -> None:
        self._site = site
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self._site.asked.append(self.path)
        body = self._site.files.get(self.path)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(self._site.promised or len(body)))
        self.end_headers()
        with suppress(ConnectionError):  # a reader may have had enough
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """A test needs no log of it."""


@pytest.fixture
def site() -> Iterator[Website]:
    website = Website()
    yield website
    website.stop()


@pytest.fixture
def mirror_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror"
    folder.mkdir()
    (folder / "first.bin").write_bytes(FIRST)
    (folder / "second.bin").write_bytes(SECOND)
    return folder


def store(tmp_path: Path, recipe: Recipe | None = None, **options: object) -> WeightStore:
    values: dict[str, object] = {"bundled": tmp_path / "bundled", "offline": True, **options}
    return WeightStore(tmp_path / "cache", recipes={"join": recipe or Join()}, **values)  # type: ignore[arg-type]


def kept(tmp_path: Path) -> list[str]:
    return sorted(
        str(path.relative_to(tmp_path)) for path in (tmp_path / "cache").rglob("*") if path.is_file()
    )


def test_a_folder_as_mirror(tmp_path: Path, mirror_folder: Path) -> None:
    path = store(tmp_path, mirror=str(mirror_folder)).resolve(card())
    assert path == tmp_path / "cache" / card().file_name
    assert path.read_bytes() == GRAPH
    assert digest(path) == card().sha256
    assert kept(tmp_path) == [
        f"cache/{card().file_name}",
        "cache/weights/first.bin",
        "cache/weights/second.bin",
    ]


def test_what_is_cached_is_not_made_again(tmp_path: Path, mirror_folder: Path) -> None:
    recipe = Join()
    first = store(tmp_path, recipe, mirror=str(mirror_folder)).resolve(card())
    alone = store(tmp_path, recipe)  # no mirror, offline: the cache is all there is
    assert alone.resolve(card()) == first
    assert alone.find(card()) == first
    assert recipe.calls == 1


def test_nothing_is_found_where_nothing_is_and_finding_fetches_nothing(
    tmp_path: Path, mirror_folder: Path
) -> None:
    assert store(tmp_path, mirror=str(mirror_folder)).find(card()) is None
    assert not (tmp_path / "cache").exists()


def test_a_graph_that_comes_with_the_package_is_taken_first(tmp_path: Path) -> None:
    (tmp_path / "bundled").mkdir()
    bundled = tmp_path / "bundled" / card().file_name
    bundled.write_bytes(GRAPH)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / card().file_name).write_bytes(GRAPH)
    recipe = Join()
    assert store(tmp_path, recipe).resolve(card()) == bundled
    assert recipe.calls == 0


def test_a_bundled_graph_that_was_changed_is_passed_over(tmp_path: Path, mirror_folder: Path) -> None:
    (tmp_path / "bundled").mkdir()
    bundled = tmp_path / "bundled" / card().file_name
    bundled.write_bytes(GRAPH + b"!")
    assert store(tmp_path, mirror=str(mirror_folder)).resolve(card()).parent == tmp_path / "cache"
    assert bundled.read_bytes() == GRAPH + b"!"


@pytest.mark.parametrize(
    "changed", [b"", b"!", GRAPH[:-1], GRAPH + b"!"], ids=["empty", "other", "cut", "longer"]
)
def test_a_cached_graph_that_was_changed_is_made_again(
    tmp_path: Path, mirror_folder: Path, changed: bytes
) -> None:
    one = store(tmp_path, mirror=str(mirror_folder))
    path = one.resolve(card())
    path.write_bytes(changed)
    (tmp_path / "cache" / "weights" / "first.bin").write_bytes(changed)
    assert one.find(card()) is None
    assert one.resolve(card()).read_bytes() == GRAPH


@pytest.mark.parametrize("ending", ["", "/"])
def test_an_address_as_mirror(tmp_path: Path, site: Website, ending: str) -> None:
    site.files = {"/models/first.bin": FIRST, "/models/second.bin": SECOND}
    path = store(tmp_path, mirror=f"{site.address}/models{ending}").resolve(card())
    assert path.read_bytes() == GRAPH
    assert site.asked == ["/models/first.bin", "/models/second.bin"]


def test_the_author_is_asked_where_there_is_no_mirror(tmp_path: Path, site: Website) -> None:
    site.files = {"/author/first.bin": FIRST, "/author/second.bin": SECOND}
    assert store(tmp_path, offline=False).resolve(card(site.address)).read_bytes() == GRAPH


def test_the_author_is_asked_for_what_the_mirror_lacks(
    tmp_path: Path, site: Website, mirror_folder: Path
) -> None:
    (mirror_folder / "second.bin").unlink()
    site.files = {"/author/second.bin": SECOND}
    one = store(tmp_path, mirror=str(mirror_folder), offline=False)
    assert one.resolve(card(site.address)).read_bytes() == GRAPH
    assert site.asked == ["/author/second.bin"]


def test_offline_leaves_the_author_alone(tmp_path: Path, site: Website) -> None:
    site.files = {"/author/first.bin": FIRST, "/author/second.bin": SECOND}
    with pytest.raises(WeightsMissing, match="switched off"):
        store(tmp_path).resolve(card(site.address))
    assert site.asked == []


WRONG = {
    "other bytes": b"?" * len(FIRST),
    "one bit": bytes([FIRST[0] ^ 1]) + FIRST[1:],
    "cut": FIRST[: CHUNK + 5],
    "longer": FIRST + b"!",
    "empty": b"",
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_other_bytes_than_the_card_names_are_refused_and_not_kept(
    tmp_path: Path, mirror_folder: Path, wrong: bytes
) -> None:
    (mirror_folder / "first.bin").write_bytes(wrong)
    with pytest.raises(DigestMismatch) as refused:
        store(tmp_path, mirror=str(mirror_folder)).resolve(card())
    assert refused.value.details["expected"] == sha(FIRST)
    assert "first.bin" in refused.value.message
    assert "nothing was kept" in refused.value.message
    assert kept(tmp_path) == []


def test_bad_bytes_do_not_replace_good_ones(tmp_path: Path, mirror_folder: Path) -> None:
    store(tmp_path, mirror=str(mirror_folder)).resolve(card())
    (mirror_folder / "first.bin").write_bytes(b"bad")
    other = card(graph=b"never built", name="other")
    with pytest.raises(DigestMismatch, match="graph built for other"):
        store(tmp_path, mirror=str(mirror_folder)).resolve(other)
    assert (tmp_path / "cache" / "weights" / "first.bin").read_bytes() == FIRST


def test_a_file_larger_than_the_card_says_is_not_read_to_the_end(tmp_path: Path, site: Website) -> None:
    site.files = {"/first.bin": FIRST + bytes(20_000_000)}
    heard = Heard()
    with pytest.raises(DigestMismatch):
        store(tmp_path, mirror=site.address, progress=heard).resolve(card())
    assert heard.bytes == len(FIRST) + 1
    assert kept(tmp_path) == []


def test_a_connection_that_breaks_off_is_refused(tmp_path: Path, site: Website) -> None:
    site.files = {"/first.bin": FIRST[:1000]}
    site.promised = len(FIRST)
    with pytest.raises(DigestMismatch):
        store(tmp_path, mirror=site.address).resolve(card())
    assert kept(tmp_path) == []


def test_a_graph_that_the_card_does_not_name_is_refused(tmp_path: Path, mirror_folder: Path) -> None:
    one = store(tmp_path, mirror=str(mirror_folder), recipe=lambda files: b"other graph")
    with pytest.raises(DigestMismatch, match="make models"):
        one.resolve(card())
    assert kept(tmp_path) == ["cache/weights/first.bin", "cache/weights/second.bin"]


def test_weights_that_are_nowhere_are_missing_in_one_sentence_with_the_remedy(
    tmp_path: Path, site: Website
) -> None:
    with pytest.raises(WeightsMissing) as refused:
        store(tmp_path, mirror=site.address, offline=False).resolve(card())
    message = refused.value.message
    assert "\n" not in message
    for part in ("tiny", "first.bin", "Not Found", "refused", "make models", "FACESOCIAL_MODEL_MIRROR"):
        assert part in message
    assert refused.value.details == {"model": "tiny", "file": "first.bin"}
    assert kept(tmp_path) == []


@pytest.mark.parametrize(
    "mirror", ["/no/such/folder", "ftp://example.org/x", "http://", "http://[::1", "http://a b/c"]
)
def test_a_mirror_that_makes_no_sense_is_named(tmp_path: Path, mirror: str) -> None:
    with pytest.raises(WeightsMissing, match=r"first\.bin could not be had"):
        store(tmp_path, mirror=mirror).resolve(card())


def test_a_mirror_that_does_not_speak_http_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(b"220 some other service\r\n")

        with ThreadPoolExecutor(1) as pool:
            pool.submit(greet)
            with pytest.raises(WeightsMissing, match="some other service"):
                store(tmp_path, mirror=f"http://127.0.0.1:{server.getsockname()[1]}").resolve(card())


def test_progress_is_told_of_every_file(tmp_path: Path, mirror_folder: Path) -> None:
    heard = Heard()
    store(tmp_path, mirror=str(mirror_folder), progress=heard).resolve(card())
    assert heard.events == [
        ("start first.bin", len(FIRST)),
        ("advance", CHUNK),
        ("advance", len(FIRST) - CHUNK),
        ("finish", 0),
        ("start second.bin", len(SECOND)),
        ("advance", len(SECOND)),
        ("finish", 0),
    ]


def test_progress_does_not_finish_what_was_refused(tmp_path: Path, mirror_folder: Path) -> None:
    (mirror_folder / "first.bin").write_bytes(b"bad")
    heard = Heard()
    with pytest.raises(DigestMismatch):
        store(tmp_path, mirror=str(mirror_folder), progress=heard).resolve(card())
    assert ("finish", 0) not in heard.events


def test_threads_that_fetch_at_the_same_time_both_get_the_whole_file(
    tmp_path: Path, mirror_folder: Path
) -> None:
    together = threading.Barrier(4, timeout=10)

    def slowly(files: Mapping[str, Path]) -> bytes:
        together.wait()  # nobody finds the graph made by another
        return Join()(files)

    def resolve(_: int) -> bytes:
        return store(tmp_path, slowly, mirror=str(mirror_folder)).resolve(card()).read_bytes()

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(resolve, range(4))) == {GRAPH}
    assert len(kept(tmp_path)) == 3  # no half-written file stays behind
