"""Measuring rows, on a real PostgreSQL."""

from __future__ import annotations

import pytest
from postgres import PostgresServer
from sqlalchemy.engine import make_url

from deploy.scaling.__main__ import main
from deploy.scaling.measure import TABLES, measure, report


def test_rows_of_faces_are_counted_with_their_indexes(postgres: PostgresServer) -> None:
    name = postgres.create()
    found = measure(postgres.url(name), 300, 128)
    assert postgres.ask("SELECT count(*) FROM face_recognition.faces", name) == [(300,)]
    assert postgres.ask("SELECT count(*) FROM audit.events", name) == [(300,)]
    bytes_ = postgres.ask("SELECT pg_total_relation_size('face_recognition.faces')", name)[0][0]
    assert found.tables["face_recognition.faces"] == bytes_ / 300
    assert found.tables["face_recognition.faces"] > 512
    assert found.dump > 128 * 4 * 0.9  # random floats do not compress
    assert all(table in report(found) for table in TABLES)
    postgres.drop(name)


def test_a_database_with_something_in_it_is_refused(
    postgres: PostgresServer, upgraded: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name = postgres.create(upgraded)
    assert main(["measure", "--url", postgres.url(name)]) == 1
    said = capsys.readouterr().err
    assert "needs an empty PostgreSQL database" in said
    assert str(make_url(postgres.url(name)).password) not in said
    postgres.drop(name)
