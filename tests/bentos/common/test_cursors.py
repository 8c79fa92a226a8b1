"""Cursors: back as they were signed, for their own listing alone; one key for all replicas."""

from __future__ import annotations

import base64
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from together import run_together

from bentos.common.cursors import KEY_BYTES, Cursors, shared_key
from bentos.common.database import Database
from bentos.common.database.tables import Key
from bentos.common.errors import InvalidRequest

KEY = bytes(range(32))
SCOPE = ("acme", "subjects", "staff")
ANYTHING = st.text(st.characters(codec=None), max_size=10)

IMPORTS = """
import sys
from pydantic import SecretStr
from bentos.common.cursors import shared_key
from bentos.common.database import Database
from bentos.common.settings import DatabaseSettings
"""
ASKING = """
print(shared_key(Database(DatabaseSettings(url=SecretStr(sys.argv[1]), pool_size=2, timeout_s=60)), "k").hex())
"""


@pytest.fixture
def cursors() -> Cursors:
    return Cursors(KEY)


@given(
    st.lists(ANYTHING, max_size=4),
    st.lists(st.one_of(ANYTHING, st.integers(-(2**70), 2**70)), max_size=4),
)
def test_a_position_comes_back(scope: list[str], position: list[str | int]) -> None:
    cursor = Cursors(KEY).sign(scope, position)
    assert Cursors(KEY).read(scope, cursor) == tuple(position)
    assert cursor.isascii()
    assert cursor.replace("-", "").replace("_", "").isalnum(), "it stands in an address as it is"


def test_a_known_cursor(cursors: Cursors) -> None:
    """What one version signed the next one reads."""
    known = "2PGeUgyHTzDLoLeR65pvZrnIIIHIpZpfKMJrHYTvx6lbNywiYSJd"
    assert cursors.sign(SCOPE, (7, "a")) == known
    assert cursors.read(SCOPE, known) == (7, "a")


@pytest.mark.parametrize(
    "other",
    [
        (),
        ("acme",),
        ("acme", "subjects"),
        ("acme", "subjects", "Staff"),
        ("other", "subjects", "staff"),
        ("acme", "faces", "staff"),
        ("acmes", "ubjects", "staff"),
        ("acme", "subjectsstaff"),
        ("acme", "subjects", "staff", ""),
        ("", "acme", "subjects", "staff"),
        ("subjects", "acme", "staff"),
        ("acme", "subjects", "staf", "f"),
    ],
)
def test_another_listings_cursor_is_refused(cursors: Cursors, other: tuple[str, ...]) -> None:
    with pytest.raises(InvalidRequest, match="begin without one"):
        cursors.read(other, cursors.sign(SCOPE, ("person-7",)))


@given(st.lists(ANYTHING, max_size=4), st.lists(ANYTHING, max_size=4))
def test_scopes_never_run_into_each_other(one: list[str], other: list[str]) -> None:
    same = Cursors(KEY).sign(one, ["a"]) == Cursors(KEY).sign(other, ["a"])
    assert same == (one == other)


def test_a_scope_does_not_run_into_the_position(cursors: Cursors) -> None:
    signed = base64.urlsafe_b64decode(cursors.sign(("a", "b"), (1,)) + "=" * 3)
    assert signed[32:] == b"[1]"
    moved = base64.urlsafe_b64encode(signed[:32] + b"b[1]").rstrip(b"=").decode()
    with pytest.raises(InvalidRequest):
        cursors.read(("a",), moved)


def test_every_character_counts(cursors: Cursors) -> None:
    for cursor in (cursors.sign(SCOPE, position) for position in (("p",), ("pe",), ("per", 1))):
        for place, letter in enumerate(cursor):
            for other in "AQgwBz0-_ =+/é\n\x00":
                changed = cursor[:place] + other + cursor[place + 1 :]
                if other != letter:
                    with pytest.raises(InvalidRequest):
                        cursors.read(SCOPE, changed)
            for length in (place, -place - 1):
                with pytest.raises(InvalidRequest):
                    cursors.read(SCOPE, cursor[:length])


@pytest.mark.parametrize(
    "cursor",
    ["", "=", "====", "a", "a" * 100_000, "null", "[]", "Ω", "\ud800", "../../etc", "AAAA" * 20, " ", "%00"],
)
def test_what_is_no_cursor_is_refused(cursors: Cursors, cursor: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        cursors.read(SCOPE, cursor)
    assert caught.value.details == {"field": "cursor"}


@pytest.mark.parametrize("change", ["{}=", "{}==", " {}", "{}\n", "{}A", "A{}", "{}.", "{0}{0}"])
def test_nothing_may_stand_around_a_cursor(cursors: Cursors, change: str) -> None:
    with pytest.raises(InvalidRequest):
        cursors.read(SCOPE, change.format(cursors.sign(SCOPE, (1, "a"))))


def test_another_keys_cursor_is_refused(cursors: Cursors) -> None:
    with pytest.raises(InvalidRequest):
        cursors.read(SCOPE, Cursors(bytes(32)).sign(SCOPE, (1,)))


def test_a_key_is_made_once(database: Database) -> None:
    first = shared_key(database, "cursors")
    assert len(first) == KEY_BYTES
    assert shared_key(database, "cursors") == first
    assert shared_key(database, "other") != first


def test_replicas_that_start_at_once_share_a_key(database: Database) -> None:
    barrier, found = threading.Barrier(8), []

    def ask() -> None:
        barrier.wait(30)
        found.append(shared_key(database, "threads"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 8
    assert len(set(found)) == 1
    url = database.url.render_as_string(hide_password=False)
    assert len(set(run_together(IMPORTS, ASKING, [[url]] * 3))) == 1
    with database.read() as session:
        assert set(session.scalars(select(Key.name))) == {"threads", "k"}


def test_a_key_that_another_replica_is_making_is_waited_for(database: Database) -> None:
    found: list[bytes] = []
    thread = threading.Thread(target=lambda: found.append(shared_key(database, "cursors")))
    with database.write() as session:
        session.add(Key(name="cursors", value=b"theirs"))
        session.flush()
        thread.start()
        thread.join(0.2)
        assert found == []
    thread.join(30)
    assert found == [b"theirs"]
