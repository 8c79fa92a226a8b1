from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbench.lines import Lines


@given(st.lists(st.binary(max_size=20).map(lambda data: data.replace(b"\n", b"")), max_size=8), st.data())
def test_lines_are_the_same_however_the_body_is_cut(parts: list[bytes], data: st.DataObject) -> None:
    body = b"".join(part + b"\n" for part in parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=6)))
    lines = Lines()
    pieces = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert [line for piece in pieces for line in lines.of(piece)] == [part + b"\n" for part in parts]
    assert lines.last == (parts[-1] + b"\n" if parts else b"")


def test_what_has_no_line_feed_is_the_last_and_not_given() -> None:
    lines = Lines()
    assert list(lines.of(b"a\nb")) == [b"a\n"]
    assert lines.last == b"b"
