"""Forms with a video as clients send them, and as nobody should; cut into pieces at every place."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bentos.common.errors import InvalidRequest, RequestError, UnsupportedMediaType
from bentos.contracts import VideoOptions
from bentos.deepfake_detection.video.form import FileForm

BOUNDARY = "frontier"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"
FILE = b"\x00\x01 a video \r\n--fron \r\n-- \r\n\r\n"
FILE_HEAD = 'Content-Disposition: form-data; name="video"; filename="a.mp4"\r\nContent-Type: video/mp4'


def part(head: str, content: bytes) -> bytes:
    return f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + content + b"\r\n"


def field(name: str, value: bytes) -> bytes:
    return part(f'Content-Disposition: form-data; name="{name}"', value)


def form(*parts: bytes, end: bytes = f"--{BOUNDARY}--\r\n".encode()) -> bytes:
    return b"".join(parts) + end


VIDEO = part(FILE_HEAD, FILE)


def read(pieces: Iterable[bytes], content_type: str = TYPE) -> tuple[bytes, VideoOptions]:
    """The file and the options of a form."""
    file = bytearray()
    reader = FileForm(content_type, "video", VideoOptions, file.extend)
    for piece in pieces:
        reader.feed(piece)
    return bytes(file), reader.end()


def refusal(body: bytes, content_type: str = TYPE) -> str:
    """Why a form is refused, the same in one piece and byte by byte."""
    said = set()
    for pieces in ([body], [body[at : at + 1] for at in range(len(body))]):
        with pytest.raises(InvalidRequest) as caught:
            read(pieces, content_type)
        said.add(caught.value.message)
    (message,) = said
    return message


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_options_may_stand_before_and_behind_the_file(order: tuple[int, ...]) -> None:
    parts = (VIDEO, field("sample_fps", b"0.5"), field("keep_upload", b"true"))
    file, options = read([form(*(parts[index] for index in order))])
    assert file == FILE
    assert (options.sample_fps, options.keep_upload, options.webhook_url) == (0.5, True, None)


def test_pieces_may_end_anywhere() -> None:
    body = form(field("sample_fps", b"3"), VIDEO, field("keep_thumbnails", b"1"))
    wanted = (FILE, VideoOptions(sample_fps=3, keep_thumbnails=True))
    for at in range(len(body) + 1):
        assert read([body[:at], body[at:]]) == wanted, at
    assert read(body[at : at + 1] for at in range(len(body))) == wanted


CONFUSING = st.lists(
    st.sampled_from([b"\r\n", b"--", BOUNDARY.encode(), b"\r", b"\n", b"-", b"front", b"x", b" ", b"\x00"])
).map(b"".join)


@given(content=CONFUSING, sizes=st.lists(st.integers(1, 9), min_size=1))
def test_a_file_may_hold_whatever_is_not_its_boundary(content: bytes, sizes: list[int]) -> None:
    if f"\r\n--{BOUNDARY}".encode() in b"\r\n" + content:
        return
    body = form(part(FILE_HEAD, content), field("sample_fps", b"4"))
    ends = itertools.accumulate(itertools.cycle(sizes))
    places = [0, *itertools.takewhile(lambda end: end < len(body), ends), len(body)]
    file, options = read(body[start:end] for start, end in itertools.pairwise(places))
    assert (file, options.sample_fps) == (content, 4)


@given(st.binary(max_size=400))
def test_noise_is_refused_in_the_projects_words(noise: bytes) -> None:
    for body in (noise, VIDEO + noise, noise + form(VIDEO), form(part(noise.decode("latin-1"), FILE))):
        try:
            read([body])
        except RequestError:
            continue


def test_the_boundary_inside_a_file_is_no_boundary_within_a_line() -> None:
    content = f"x--{BOUNDARY}\r\n {BOUNDARY} \r\n--{BOUNDARY[:-1]}\r\n".encode()
    assert read([form(part(FILE_HEAD, content))])[0] == content
    inside = part(FILE_HEAD, f"a\r\n--{BOUNDARY}\r\nb".encode())
    assert "cannot be read" in refusal(form(inside)), "what follows a true boundary is a part"


@pytest.mark.parametrize(
    "name", ["a.mp4", 'a "nested" \\"quote\\".mp4', "..\\..\\a; name=x", "ü/\u202e.mp4", ""]
)
def test_a_files_name_means_nothing(name: str) -> None:
    escaped = name.replace('"', "%22")
    for shown in (escaped, name.replace("\\", "\\\\").replace('"', '\\"')):
        head = f'Content-Disposition: form-data; name="video"; filename="{shown}"'
        assert read([form(part(head, FILE))])[0] == FILE


def test_quotes_do_not_smuggle_a_name() -> None:
    head = 'Content-Disposition: form-data; name="image"; filename="x\\"; name=\\"video"'
    assert "Unexpected file field: image" in refusal(form(part(head, FILE)))
    head = 'Content-Disposition: form-data; name="vi\\"deo"; filename="x"'
    assert 'Unexpected file field: vi"deo' in refusal(form(part(head, FILE)))
    head = 'Content-Disposition: form-data; name="image"; name*=utf-8\'\'video; filename="x"'
    assert "Unexpected file field: image" in refusal(form(part(head, FILE)))


@pytest.mark.parametrize("cut", range(1, len(VIDEO) + len(BOUNDARY) + 3, 7))
def test_a_form_that_is_cut_off_is_refused(cut: int) -> None:
    assert "before its last boundary" in refusal(form(VIDEO)[:cut])


def test_an_empty_body_is_refused() -> None:
    assert "before its last boundary" in refusal(b"")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (form(VIDEO, VIDEO), "exactly one file"),
        (form(field("sample_fps", b"2")), "exactly one file"),
        (form(), "exactly one file"),
        (form(VIDEO, part('Content-Disposition: form-data; name="image"; filename="x"', b"x")), "image"),
        (form(field("video", b"no file")), "must be a file"),
        (form(field("unknown", b"1"), VIDEO), "unknown"),
        (form(field("sample_fps", b"2"), field("sample_fps", b"3"), VIDEO), "sample_fps"),
        (form(field("sample_fps", b"nan"), VIDEO), "sample_fps"),
        (form(field("sample_fps", b"1e9"), VIDEO), "sample_fps"),
        (form(field("keep_upload", b"perhaps"), VIDEO), "keep_upload"),
        (form(field("sample_fps", b"\xff"), VIDEO), "UTF-8"),
        (form(part("Content-Disposition: form-data; name=\xff", b"")).replace(b"\xc3\xbf", b"\xff"), "UTF-8"),
        (form(part("Content-Disposition: form-data", b"x")), "no name"),
        (form(part("X: y", b"x")), "no name"),
        (form(part("X-Y : z", b"x")), "malformed"),
        (form(part("X: " + "y" * 10_000, b"x")), "malformed"),
        (form(part("\r\n".join(f"X-{n}: y" for n in range(20)), b"x")), "malformed"),
        (b"preamble\r\n" + form(VIDEO), "malformed"),
        (b"--other\r\n" + form(VIDEO), "malformed"),
    ],
)
def test_what_does_not_belong_into_the_form_is_refused_by_name(body: bytes, reason: str) -> None:
    assert reason in refusal(body)


def test_a_fault_in_front_of_the_file_is_said_before_the_file_is_read() -> None:
    file = bytearray()
    reader = FileForm(TYPE, "video", VideoOptions, file.extend)
    with pytest.raises(InvalidRequest, match="unknown"):
        reader.feed(field("unknown", b"1") + VIDEO[:-20])
    assert not file


def fed_until_refused(first: bytes, again: bytes, times: int) -> tuple[str, int]:
    """Why a form is refused, and how many of the repeated pieces it took."""
    reader = FileForm(TYPE, "video", VideoOptions, bytearray().extend)
    reader.feed(first)
    for taken in range(times):
        try:
            reader.feed(again)
        except InvalidRequest as refused:
            return refused.message, taken
    raise AssertionError("all of it was taken")


@pytest.mark.parametrize("name", ["sample_fps", "", "unknown"])
def test_of_ten_thousand_fields_the_first_wrong_one_ends_it(name: str) -> None:
    message, taken = fed_until_refused(b"", field(name, b"2"), 10_000)
    assert f"{name}: " in message
    assert taken <= 2


def test_a_field_of_ten_megabytes_is_refused_with_its_first_pieces() -> None:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="sample_fps"\r\n\r\n'.encode()
    message, taken = fed_until_refused(head, b"1" * 10_000, 1000)
    assert "sample_fps is larger than 64 KB" in message
    assert taken < 10


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary=""',
        f"multipart/form-data; boundary={'b' * 300}",
    ],
)
def test_without_a_usable_boundary_nothing_is_read(content_type: str) -> None:
    assert "boundary" in refusal(form(VIDEO), content_type)


@pytest.mark.parametrize("content_type", ["", "video/mp4", "application/json", "multipart/mixed; boundary=x"])
def test_another_type_is_refused(content_type: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        read([form(VIDEO)], content_type)


@pytest.mark.parametrize(
    "content_type",
    [
        f"Multipart/Form-Data; Boundary={BOUNDARY}",
        f'multipart/form-data; charset=utf-8; boundary="{BOUNDARY}"',
    ],
)
def test_types_are_read_as_they_may_be_written(content_type: str) -> None:
    assert read([form(VIDEO)], content_type)[0] == FILE


def test_what_follows_the_last_boundary_is_ignored() -> None:
    assert read([form(VIDEO), form(VIDEO), b"epilogue"])[0] == FILE


def test_an_empty_file_is_a_file() -> None:
    assert read([form(part(FILE_HEAD, b""))])[0] == b""
