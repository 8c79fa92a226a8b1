"""When the certificate ends, in the verifier's ``/metrics``: of the file as it is at that moment."""

from __future__ import annotations

import logging
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from certificates import write_pair
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from metering import value_of
from prometheus_client import CollectorRegistry, generate_latest

from deploy.nginx.certificate import expiry_of
from deploy.nginx.certificate_watch import NAME, CertificateExpiry

DAY_S = 24 * 3600


class Watch:
    """A file of certificates, and what is told of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._registry = CollectorRegistry()
        self._registry.register(CertificateExpiry(path))

    def told(self) -> float | None:
        return value_of(generate_latest(self._registry).decode(), NAME)


def pem_of(folder: Path, name: str, days: int) -> bytes:
    certificate, _ = write_pair(folder, name, days)
    return certificate.read_bytes()


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(tmp_path / "tls.crt")


def test_it_ends_when_the_file_says(watch: Watch, tmp_path: Path) -> None:
    watch.path.write_bytes(pem_of(tmp_path / "made", "gateway", 200))
    assert watch.told() == expiry_of(watch.path).timestamp()
    assert watch.told() == pytest.approx(time.time() + 200 * DAY_S, abs=3600)


def test_one_that_has_expired_is_told_all_the_same(watch: Watch) -> None:
    key, name, ended = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([]),
        datetime(2020, 2, 29, 12, tzinfo=UTC),
    )
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(ended - timedelta(days=1))
        .not_valid_after(ended)
        .sign(key, hashes.SHA256())
    )
    watch.path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    assert watch.told() == ended.timestamp()


def test_of_a_chain_the_first_counts(watch: Watch, tmp_path: Path) -> None:
    own, issuer = (pem_of(tmp_path / "made", name, days) for name, days in (("own", 30), ("ca", 3000)))
    watch.path.write_bytes(b"# a comment\n" + own + issuer)
    assert watch.told() == pytest.approx(time.time() + 30 * DAY_S, abs=3600)


def test_a_renewed_one_is_told_without_a_restart(watch: Watch, tmp_path: Path) -> None:
    for days in (10, 90):
        fresh = tmp_path / "fresh"
        fresh.write_bytes(pem_of(tmp_path / "made", "gateway", days))
        fresh.replace(watch.path)
        assert watch.told() == pytest.approx(time.time() + days * DAY_S, abs=3600)


def test_one_behind_a_link_that_is_changed_as_kubernetes_does(watch: Watch, tmp_path: Path) -> None:
    data = tmp_path / "..data"
    watch.path.symlink_to("..data/tls.crt")
    for days in (10, 90):
        folder = tmp_path / f"version-{days}"
        folder.mkdir()
        (folder / "tls.crt").write_bytes(pem_of(tmp_path / "made", "gateway", days))
        link = tmp_path / "new"
        link.symlink_to(folder)
        os.replace(link, data)
        assert watch.told() == pytest.approx(time.time() + days * DAY_S, abs=3600)


@pytest.mark.parametrize("what", ["nothing", "garbage", "a folder", "a pipe", "a key", "empty"])
def test_what_is_no_certificate_is_left_out_and_lamented_once(
    watch: Watch, tmp_path: Path, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    sound = pem_of(tmp_path / "made", "gateway", 10)
    if what == "a folder":
        watch.path.mkdir()
    elif what == "a pipe":
        os.mkfifo(watch.path)
    elif what != "nothing":
        key = (tmp_path / "made" / "gateway-key.pem").read_bytes()
        watch.path.write_bytes({"garbage": b"\xff" * 99, "a key": key, "empty": b""}[what])
    for _ in range(3):
        assert watch.told() is None
    (said,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert str(watch.path) in said.getMessage()
    watch.path.rmdir() if what == "a folder" else watch.path.unlink(missing_ok=True)
    watch.path.write_bytes(sound)
    assert watch.told() is not None


def test_one_that_goes_and_comes_back_is_told_again(
    watch: Watch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    watch.path.write_bytes(pem_of(tmp_path / "made", "gateway", 10))
    expires = watch.told()
    for _ in range(2):
        aside = watch.path.rename(tmp_path / "aside")
        assert watch.told() is watch.told() is None
        aside.rename(watch.path)
        assert watch.told() == expires
    assert len(caplog.records) == 2
