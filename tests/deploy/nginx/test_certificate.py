"""The certificate that the local stack makes for itself."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509

from bentos.common.errors import ConfigurationError
from deploy.nginx import certificate as module
from deploy.nginx.certificate import LIFE, ensure_certificate, expiry_of, require_pair

NAMES = ("localhost", "faces.example.test", "127.0.0.1", "::1")


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "certificate.pem", tmp_path / "key.pem"


def test_it_holds_for_a_year_and_for_its_names(pair: tuple[Path, Path]) -> None:
    ensure_certificate(*pair, NAMES)
    require_pair(*pair)
    found = x509.load_pem_x509_certificate(pair[0].read_bytes())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "faces.example.test"]
    assert names.get_values_for_type(x509.IPAddress) == [ip_address("127.0.0.1"), ip_address("::1")]
    assert abs(expiry_of(pair[0]) - datetime.now(UTC) - LIFE) < timedelta(minutes=5)
    assert found.not_valid_before_utc <= datetime.now(UTC)


def test_the_key_is_for_its_owner_alone(pair: tuple[Path, Path]) -> None:
    before = os.umask(0)
    try:
        ensure_certificate(*pair, NAMES)
    finally:
        os.umask(before)
    assert pair[1].stat().st_mode & 0o777 == 0o600
    assert not list(pair[0].parent.glob("*.new"))


def test_one_that_fits_is_kept(pair: tuple[Path, Path]) -> None:
    ensure_certificate(*pair, NAMES)
    before = [path.read_bytes() for path in pair]
    ensure_certificate(*pair, NAMES[:2])
    assert [path.read_bytes() for path in pair] == before


def test_one_that_ends_soon_is_replaced(pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(module, "LIFE", timedelta(days=29))
        ensure_certificate(*pair, NAMES)
    before = expiry_of(pair[0])
    ensure_certificate(*pair, NAMES)
    assert expiry_of(pair[0]) > before


@pytest.mark.parametrize("part", [0, 1])
@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN NONSENSE-----\n", "other"])
def test_what_cannot_be_used_is_replaced(
    pair: tuple[Path, Path], tmp_path: Path, part: int, content: bytes | str | None
) -> None:
    ensure_certificate(*pair, NAMES)
    if content == "other":
        other = tmp_path / "other.pem", tmp_path / "other-key.pem"
        ensure_certificate(*other, NAMES)
        other[part].replace(pair[part])
    elif isinstance(content, bytes):
        pair[part].write_bytes(content)
    else:
        pair[part].unlink()
    ensure_certificate(*pair, NAMES)
    require_pair(*pair)


def test_one_for_other_names_is_replaced(pair: tuple[Path, Path]) -> None:
    ensure_certificate(*pair, NAMES[:1])
    before = pair[0].read_bytes()
    ensure_certificate(*pair, NAMES)
    assert pair[0].read_bytes() != before


def test_a_key_of_another_certificate_is_no_pair(pair: tuple[Path, Path], tmp_path: Path) -> None:
    ensure_certificate(*pair, NAMES)
    ensure_certificate(tmp_path / "b.pem", tmp_path / "b-key.pem", NAMES)
    with pytest.raises(ConfigurationError, match=r"is not the key of"):
        require_pair(pair[0], tmp_path / "b-key.pem")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        require_pair(pair[0], pair[0])
    with pytest.raises(ConfigurationError, match="cannot be used"):
        require_pair(pair[1], pair[1])
    with pytest.raises(ConfigurationError, match="cannot be used"):
        expiry_of(tmp_path / "nowhere.pem")
