"""A restore for practice: into stores of its own, compared with what was there, and gone afterwards."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2  # type: ignore[import-untyped]
from psycopg2 import sql
from pydantic import SecretStr
from rich.console import Console
from sqlalchemy import URL

from bentos.common import backups
from bentos.common.database import Database, now
from bentos.common.errors import DependencyUnavailable
from bentos.common.settings import Settings
from deploy.local.backup import proof, server
from deploy.local.backup.checking import decrypt
from deploy.local.backup.files import scratch
from deploy.local.backup.keys import identities_of
from deploy.local.backup.loading import Loading, require_fitting
from deploy.local.backup.manifest import Manifest
from deploy.local.backup.restoring import Report
from deploy.local.backup.shelf import Shelf
from deploy.local.backup_settings import BackupSettings
from deploy.local.opening import opened

MARK = "_drill_"
MAX_NAME = 63
"""Bytes of a name in PostgreSQL."""
TIMEOUT_S = 30


def drill(settings: Settings, own: BackupSettings, which: str, console: Console) -> Report:
    """Restore a backup beside everything that runs, and look whether it is what was there; nothing of it stays.

    The index is made in an embedded Milvus, whatever the deployment has; Redis is left alone.

    Raises:
        ConfigurationError: There is no key, another drill runs, or the backup cannot be used.
        DependencyUnavailable: PostgreSQL makes no database for it, or the disk is full.
    """
    identities, shelf, started = identities_of(own), Shelf(own.folder), now()
    parent = own.scratch_dir or settings.state_dir
    with shelf.held("drill"), scratch(parent, "drill") as folder:
        entry = shelf.find(which)
        manifest, report = entry.whole(), Report(entry.id)
        require_fitting(settings, manifest)
        plain = decrypt(entry, identities, folder)
        report.done["decrypted"] = f"{len(plain)} parts, each as it was"
        with _apart(settings, manifest, folder) as own_stores:
            _rehearse(Loading(own_stores, manifest, plain, folder, console), report)
    if report.sound:
        run = backups.BackupRun("drill", manifest.id, started, now(), manifest.size)
        with opened(settings) as database, database.write() as session:
            backups.note(session, run)
    return report


def _rehearse(loading: Loading, report: Report) -> None:
    _, erased = loading.tombstones()
    report.done["erased faces"] = f"{erased} listed"
    found, _ = loading.database()
    loading.index()
    report.done["database and index"] = "restored"
    report.done["pictures"] = f"{loading.pictures()} restored"
    settings = loading.settings
    report.findings += [found, proof.gallery(settings), proof.audit(settings), proof.searches(settings)]


@contextmanager
def _apart(settings: Settings, manifest: Manifest, folder: Path) -> Iterator[Settings]:
    """Settings of empty stores of the backup's kind, which are gone at the end of the block."""
    changes: dict[str, object] = {
        "state_dir": folder / "state",
        "model_dir": settings.store.cache,
        "database_url": None,
        "redis_url": None,
        "milvus_uri": None,
        "milvus_host": None,
        "milvus_token": None,
        "images_dir": None,
        "tombstones_file": None,
    }
    if manifest.database.kind == "SQLite":
        yield settings.model_copy(update=changes)
        return
    with _database_apart(Database(settings.database).url) as address:
        yield settings.model_copy(update={**changes, "database_url": SecretStr(address)})


@contextmanager
def _database_apart(url: URL) -> Iterator[str]:
    name = f"{str(url.database).encode()[: MAX_NAME - len(MARK) - 8].decode(errors='ignore')}{MARK}"
    own = f"{name}{secrets.token_hex(4)}"
    _drop(url, _left(url, name))
    _ask(url, sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(own)))
    try:
        yield url.set(database=own).render_as_string(hide_password=False)
    finally:
        _drop(url, [own])


def _left(url: URL, prefix: str) -> list[str]:
    """What drills left that were killed; this one is alone."""
    query = sql.SQL("SELECT datname FROM pg_database WHERE starts_with(datname, {})").format(
        sql.Literal(prefix)
    )
    found = [str(name) for (name,) in _ask(url, query)]
    return [name for name in found if re.fullmatch("[0-9a-f]{8}", name.removeprefix(prefix))]


def _drop(url: URL, names: list[str]) -> None:
    for name in names:
        _ask(url, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _ask(url: URL, statement: sql.Composable) -> list[tuple[object, ...]]:
    dsn, secret = server.address(url)
    try:
        connection = psycopg2.connect(dsn, connect_timeout=TIMEOUT_S, password=secret.get("PGPASSWORD"))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()
    except psycopg2.Error as error:
        why = str(error).strip().partition("\n")[0]
        raise DependencyUnavailable(
            f"PostgreSQL makes no database for the drill: {why}. Its role needs CREATEDB.",
            {"dependency": "database"},
        ) from error
