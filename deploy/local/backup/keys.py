"""The pairs of keys of age: everybody may know the public one, and who has the private one opens all backups."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import pyrage

from bentos.common.errors import ConfigurationError
from deploy.local.backup_settings import PREFIX, BackupSettings

OWNER_ONLY = 0o600
Recipient: TypeAlias = Any
"""``pyrage.x25519.Recipient``: the library has no types."""
Identity: TypeAlias = Any
"""``pyrage.x25519.Identity``."""


def make_identity(file: Path) -> str:
    """Write a new private key into a new file, as ``age-keygen`` does; the public one is returned.

    Raises:
        ConfigurationError: The file exists, or cannot be written.
    """
    identity = pyrage.x25519.Identity.generate()
    public = str(identity.to_public())
    text = f"# created: {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n# public key: {public}\n{identity}\n"
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        with os.fdopen(handle, "w", encoding="ascii") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(handle)
    except FileExistsError:
        raise ConfigurationError(
            f"{file} exists already; a key that is overwritten opens no backup any more."
        ) from None
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror}.") from error
    return public


def recipients_of(settings: BackupSettings) -> Sequence[Recipient]:
    """The public keys that a backup is encrypted to.

    Raises:
        ConfigurationError: There is none, or one is not of age.
    """
    if not settings.recipients:
        raise ConfigurationError(
            f"No backup is made unencrypted: set {PREFIX}RECIPIENTS to a public key of age. "
            "`facesocial backup keygen FILE` makes a pair."
        )
    return [_recipient(one) for one in settings.recipients]


def identities_of(settings: BackupSettings) -> Sequence[Identity]:
    """The private keys that open backups.

    Raises:
        ConfigurationError: There is none, or the file holds something else.
    """
    file = settings.identity_file
    if file is None:
        raise ConfigurationError(f"Set {PREFIX}IDENTITY_FILE to the file with the private key.")
    try:
        lines = [line.strip() for line in file.expanduser().read_text(encoding="utf-8").splitlines()]
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line and line[0] != "#"]
    except OSError as error:
        raise ConfigurationError(f"{PREFIX}IDENTITY_FILE={file} cannot be read: {error.strerror}.") from error
    except (pyrage.IdentityError, UnicodeError):
        found = []
    if not found:  # the text of a fault might quote the key
        raise ConfigurationError(f"{PREFIX}IDENTITY_FILE={file} holds no private key of age.") from None
    return found


def _recipient(text: str) -> Recipient:
    try:
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        shown = "a private key" if text.upper().startswith("AGE-SECRET") else text
        raise ConfigurationError(f"{PREFIX}RECIPIENTS: {shown} is no public key of age (age1…).") from None
