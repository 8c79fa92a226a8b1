"""What the bench makes of the load generator's log and of its samples."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest
from starlette.requests import Request

from bentos.common.requests import read_fields
from bentos.common.settings import Settings
from deploy.bench.load import Generator, Sample, multipart, pooled, read_log
from deploy.bench.pictures import SIZE, picture, variants
from deploy.bench.report import Row, Soak, TaskReport, markdown, write
from models.processing.decode import ImageLimits, read_header

SECOND = 1_000_000


def line(start_s: float, status: str, taken_ms: float) -> str:
    return f"{7 * SECOND + int(start_s * SECOND)}\t{status}\t{int(taken_ms * 1000)}"


def test_what_ends_before_or_after_the_span_does_not_count() -> None:
    lines = [
        line(0.0, "200", 400),  # ends while warming up
        line(0.0, "200", 600),
        line(1.0, "200", 100),
        line(1.2, "503", 2),
        line(1.3, "429", 2),
        line(1.4, "500", 9),
        line(1.5, "-1", 9),
        line(2.4, "200", 200),  # ends after the span
    ]
    sample = read_log(lines, skip_s=0.5, seconds=2.0)
    assert (sample.times_ms, sample.refused, sample.errors, sample.answered) == ([600.0, 100.0], 2, 2, 4)
    assert sample.rate == 1.0
    assert sample.percentile(50) == 350.0


def test_an_empty_log_is_a_rate_of_nothing() -> None:
    sample = read_log([], 0.5, 2.0)
    assert (sample.rate, sample.percentile(99)) == (0.0, None)


def test_spans_are_pooled() -> None:
    both = pooled([Sample(2.0, [1.0], 1, 0, 3), Sample(3.0, [5.0, 9.0], 0, 2, 4)])
    assert both == Sample(5.0, [1.0, 5.0, 9.0], 1, 2, 7)


@pytest.mark.parametrize("kind", ["portrait", "group"])
def test_pictures_are_720p(kind: str) -> None:
    data = picture("portrait" if kind == "portrait" else "group")
    header = read_header(data, ImageLimits())
    assert (header.width, header.height) == SIZE
    assert 100_000 < len(data) < 400_000


def test_the_body_is_a_form_with_one_file(tmp_path: Path) -> None:
    path, headers = multipart("image", b"JPEG", tmp_path)
    assert headers["content-type"].startswith("multipart/form-data; boundary=")
    assert path.read_bytes().count(b"JPEG") == 1


async def test_options_go_beside_the_image(tmp_path: Path) -> None:
    options = {"far": "1", "top_k": "1"}
    path, headers = multipart("image", b"\r\n--JPEG", tmp_path, options, "other.bin")
    assert path == tmp_path / "other.bin"

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": path.read_bytes(), "more_body": False}

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    request = Request({"type": "http", "method": "POST", "headers": raw}, receive)
    fields = await read_fields(request, ["image"], Settings().limits)
    assert (fields.one("image"), fields.values) == (b"\r\n--JPEG", options)


def test_pictures_to_look_for_are_all_different() -> None:
    some = list(islice(variants(), 8))
    assert len(set(some)) == 8
    assert some == list(islice(variants(), 8))
    assert all(read_header(data, ImageLimits()).width > 300 for data in some)


def test_a_missing_generator_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Exception, match="nghttp2-client"):
        Generator(tmp_path)


def test_the_report_holds_every_row(tmp_path: Path) -> None:
    row = Row("ours", "1.0", 32, None, 90.0, 0.9, None, None, 300.0, 350.0, 400.0, 0, 0, 18.0, 310.0)
    soak = Soak("ours", 20_000, 300.0, 303.0)
    report = TaskReport("face-detection", "portrait", 100.0, "2 loops", 12.0, [row], [soak])
    write([report], tmp_path)
    found = json.loads((tmp_path / "bench.json").read_text())
    assert found["tasks"][0]["rows"][0]["of_limit"] == 0.9
    text = markdown([report])
    assert "| ours (1.0) | 32 at once | 90.0 | 0.90 | 300.0 | 350.0 | 400.0 |" in text
    assert "303 MB after 20,000 (1.010)" in text
