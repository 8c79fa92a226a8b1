from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from contract_stub import FACE
from hypothesis import given
from hypothesis import strategies as st

from bentos.contracts import Box
from workbench.components.overlay import overlay_html
from workbench.components.quality import quality_table

SOURCE = "data:image/jpeg;base64,AAAA"


def test_marks_are_shares_of_the_picture():
    html = overlay_html(SOURCE, (200, 100), [FACE], "alt")
    assert 'class="fs-box" style="left:10.000%;top:10.000%;width:15.000%;height:40.000%"' in html
    assert 'class="fs-dot fs-nose" style="left:17.500%;top:32.000%"' in html
    assert html.count("fs-eye") == html.count("fs-mouth") == 2


def test_faces_are_numbered_as_in_the_table():
    html = overlay_html(SOURCE, (200, 100), [FACE, FACE, FACE], "alt")
    assert re.findall(r">(\d)<span", html) == ["1", "2", "3"]
    assert list(quality_table([FACE, FACE, FACE])["Face"]) == [1, 2, 3]


def test_a_label_without_room_above_goes_inside():
    at_top = FACE.model_copy(update={"box": Box(x=-8, y=-5, width=30, height=40)})
    html = overlay_html(SOURCE, (200, 100), [at_top], "alt")
    assert 'class="fs-tag fs-low" style="left:0.000%;top:0.000%"' in html
    assert "fs-low" not in overlay_html(SOURCE, (200, 100), [FACE], "alt")


class Tags(HTMLParser):
    """Every tag with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize(
    "name", ['"><script>alert(1)</script>', "' onerror='x", "<img src=x>", "&amp;", 'a"b']
)
def test_a_file_name_stays_text(name):
    (_, _), (tag, attributes) = Tags(overlay_html(SOURCE, (200, 100), [], name)).found
    assert tag == "img"
    assert attributes == {"src": SOURCE, "alt": name, "width": "200", "height": "100"}


@given(st.integers(1, 10**5), st.integers(1, 10**5))
def test_any_size_of_picture_gives_finite_shares(width, height):
    html = overlay_html(SOURCE, (width, height), [FACE], "alt")
    assert "nan" not in html
    assert "inf" not in html
