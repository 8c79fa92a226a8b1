"""Encryption: with any implementation of age, in constant memory, and with the faults of those who read and write."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pyrage
import pytest
from databases import ROOT

from bentos.common.errors import ConfigurationError
from deploy.local.backup.keys import identities_of, make_identity, recipients_of
from deploy.local.backup.sealing import Chunks, Nowhere, seal, unseal
from deploy.local.backup_settings import BackupSettings

KEY = pyrage.x25519.Identity.generate()
OTHER = pyrage.x25519.Identity.generate()


@pytest.mark.parametrize("size", [0, 1, 65_536, 200_000])
def test_what_goes_in_comes_out_for_each_of_the_recipients(tmp_path: Path, size: int) -> None:
    plain = os.urandom(size)
    sealed = seal(io.BytesIO(plain), tmp_path / "part", [KEY.to_public(), OTHER.to_public()])
    for identity in (KEY, OTHER):
        sink = io.BytesIO()
        assert unseal(tmp_path / "part", sink, [identity]) == sealed
        assert sink.getvalue() == plain
    assert (sealed.plain_size, sealed.size) == (size, (tmp_path / "part").stat().st_size)
    assert pyrage.decrypt((tmp_path / "part").read_bytes(), [KEY]) == plain


def test_a_stranger_opens_nothing(tmp_path: Path) -> None:
    seal(io.BytesIO(b"secret"), tmp_path / "part", [KEY.to_public()])
    with pytest.raises(ConfigurationError, match="None of the private keys opens part"):
        unseal(tmp_path / "part", Nowhere(), [OTHER])


@pytest.mark.parametrize("damage", ["cut", "cut at a chunk", "flipped", "longer", "empty"])
def test_damage_is_said(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "part"
    seal(io.BytesIO(bytes(200_000)), file, [KEY.to_public()])
    data = bytearray(file.read_bytes())
    flipped = data[:]
    flipped[150_000] ^= 1
    last_chunk = 200_000 % 65_536 + 16
    wrong = {
        "cut": data[:-1],
        "cut at a chunk": data[:-last_chunk],
        "flipped": flipped,
        "longer": data + b"x",
        "empty": b"",
    }
    file.write_bytes(wrong[damage])
    with pytest.raises(ConfigurationError, match="part is damaged"):
        unseal(file, Nowhere(), [KEY])


def test_the_fault_of_a_source_is_its_own(tmp_path: Path) -> None:
    def parts():  # type: ignore[no-untyped-def]
        yield b"x" * 100_000
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seal(Chunks(parts()), tmp_path / "part", [KEY.to_public()])


def test_a_full_disk_is_a_full_disk(tmp_path: Path) -> None:
    seal(io.BytesIO(bytes(100_000)), tmp_path / "part", [KEY.to_public()])
    with open("/dev/full", "wb", buffering=0) as full, pytest.raises(OSError, match="No space left"):
        unseal(tmp_path / "part", full, [KEY])


MEMORY = """
import resource, sys
from pathlib import Path
import pyrage
from deploy.local.backup.sealing import Chunks, Nowhere, seal, unseal
key = pyrage.x25519.Identity.generate()
block = bytes(1 << 20)
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
file = Path(sys.argv[1])
seal(Chunks(block for _ in range(5)), file.with_suffix(".small"), [key.to_public()])
before = peak()
sealed = seal(Chunks(block for _ in range(150)), file, [key.to_public()])
assert unseal(file, Nowhere(), [key]) == sealed
print(peak() - before)
"""


def test_memory_does_not_grow_with_what_is_encrypted(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MEMORY, str(tmp_path / "part")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 20_000, "KiB, of 150 MiB"


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "key.txt"
    public = make_identity(file)
    assert file.stat().st_mode & 0o777 == 0o600
    (identity,) = identities_of(BackupSettings(identity_file=file))
    assert str(identity.to_public()) == public
    before = file.read_bytes()
    with pytest.raises(ConfigurationError, match="exists already"):
        make_identity(file)
    assert file.read_bytes() == before


def test_what_is_no_key_is_said_and_a_private_one_never_printed(tmp_path: Path) -> None:
    for wrong in ("age1nonsense", str(KEY), "ssh-ed25519 AAAA"):
        with pytest.raises(ConfigurationError) as caught:
            recipients_of(BackupSettings(recipients=(wrong,)))
        assert str(KEY) not in caught.value.message
    with pytest.raises(ConfigurationError, match="No backup is made unencrypted"):
        recipients_of(BackupSettings())
    file = tmp_path / "key"
    for text in ("", "# only a comment\n", f"{KEY}x\n", f"{KEY}\nrubbish\n"):
        file.write_text(text)
        with pytest.raises(ConfigurationError, match="holds no private key") as caught:
            identities_of(BackupSettings(identity_file=file))
        assert str(KEY) not in caught.value.message
        assert caught.value.__cause__ is None
    for missing in (None, tmp_path / "none"):
        with pytest.raises(ConfigurationError, match="IDENTITY_FILE"):
            identities_of(BackupSettings(identity_file=missing))


def test_settings_are_read_by_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACESOCIAL_BACKUP_RECIPIENTS", f"{KEY.to_public()} , {OTHER.to_public()},")
    monkeypatch.setenv("FACESOCIAL_BACKUP_DIR", str(tmp_path))
    monkeypatch.setenv("FACESOCIAL_BACKUP_KEEP_DAILY", "3")
    own = BackupSettings()
    assert (own.folder, own.keep_daily, len(recipients_of(own))) == (tmp_path, 3, 2)
    monkeypatch.delenv("FACESOCIAL_BACKUP_DIR")
    with pytest.raises(ConfigurationError, match="FACESOCIAL_BACKUP_DIR"):
        _ = BackupSettings().folder
