"""The keys that tokens are checked with: one secret, a file of keys, or an address of keys.

Keys are told apart by ``kid``, so several are valid at once and one follows another without a restart.
"""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import jwt

from bentos.common.errors import ConfigurationError, DependencyUnavailable
from bentos.common.jwks import KeysById, all_keys, chosen_key, find_key, key_id_of, sound_keys
from bentos.common.settings import AuthSettings, is_address

LIFESPAN_S = 300.0
"""A set of keys from an address is fetched again after so long: then a withdrawn key is refused."""
GRACE_S = 3600.0
"""How old a set may get while its address does not answer."""
FETCH_EVERY_S = 10.0
FETCH_TIMEOUT_S = 5.0
PATIENCE_S = 1.0
"""How long after its begin somebody else's fetch is waited for; a slow provider must not fill all threads."""
WARN_EVERY_S = 60.0

logger = logging.getLogger(__name__)


class Keys(Protocol):
    """Finds the key that a token must be signed with.

    Attributes:
        fixed: Whether a token that was signed well once is so for ever.
        blocking: Whether finding a key may wait for the network.
    """

    fixed: bool
    blocking: bool

    def key_for(self, token: str) -> Any:
        """The key of ``token``.

        Raises:
            jwt.PyJWTError: The token names no key that is known.
            DependencyUnavailable: The keys cannot be had at the moment.
        """


class SharedSecret:
    """HS256: one secret for all tokens."""

    fixed = True
    blocking = False

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def key_for(self, token: str) -> str:
        return self._secret


class JwksFile:
    """Keys from a file, read again when it changes; what cannot be used then leaves the keys as they are.

    Raises:
        ConfigurationError: At the start: no key in it can be used, or one that fits is broken.
    """

    fixed = False
    blocking = False

    def __init__(self, path: Path, algorithm: str) -> None:
        self._path, self._algorithm = path, algorithm
        self._stamp = self._stamp_now()
        self._keys = self._read()

    def key_for(self, token: str) -> Any:
        stamp = self._stamp_now()
        if stamp != self._stamp:
            self._stamp = stamp  # first, so that a broken file is read and lamented once
            try:
                self._keys = self._read()
            except ConfigurationError as error:
                logger.warning("%s The keys from before are used on.", error.message)
        return chosen_key(self._keys, key_id_of(token))

    def _stamp_now(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self) -> KeysById:
        try:
            return all_keys(json.loads(self._path.read_bytes()), self._algorithm)
        except (OSError, ValueError, RecursionError, jwt.PyJWTError) as error:
            raise ConfigurationError(f"The JWKS file {self._path} cannot be used: {error}.") from error


@dataclass(frozen=True, slots=True)
class _Fetched:
    keys: KeysById
    since: float


class JwksAddress:
    """Public keys from an address, kept for LIFESPAN_S, and for GRACE_S while the address does not answer.

    One request at a time fetches, at most every FETCH_EVERY_S, whatever tokens come. It is not done by
    PyJWKClient's own cache: that waits for the address again with each request while it is down.

    Args:
        address: http or https; redirects are not followed.
        algorithm: RS256 or ES256.
        clock: Seconds that never go back.
    """

    fixed = False
    blocking = True

    def __init__(self, address: str, algorithm: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._address, self._algorithm, self._clock = address, algorithm, clock
        self._client = jwt.PyJWKClient(address, cache_jwk_set=False, timeout=FETCH_TIMEOUT_S)
        self._fetched = _Fetched({}, -math.inf)
        self._tried = self._warned = -math.inf
        self._fetching = threading.Lock()

    def key_for(self, token: str) -> Any:
        kid = key_id_of(token)
        missing = self._age() >= GRACE_S or find_key(self._fetched.keys, kid) is None
        if missing or self._age() >= LIFESPAN_S:
            self._refresh(missing)
        if self._age() >= GRACE_S:
            raise DependencyUnavailable(f"The JWKS address {self._address} gives no keys; try again later.")
        return chosen_key(self._fetched.keys, kid)

    def _age(self) -> float:
        return self._clock() - self._fetched.since

    def _refresh(self, missing: bool) -> None:
        """Fetch, unless somebody does; only who has no key waits for them, and not long."""
        if self._fetching.acquire(blocking=False):
            try:
                self._fetch_if_due()
            finally:
                self._fetching.release()
        elif missing:
            left = self._tried + PATIENCE_S - self._clock()
            if left > 0 and self._fetching.acquire(timeout=left):
                self._fetching.release()

    def _fetch_if_due(self) -> None:
        now = self._clock()
        if now - self._tried < FETCH_EVERY_S:
            return
        self._tried = now
        try:
            self._fetched = _Fetched(sound_keys(self._client.fetch_data(), self._algorithm), now)
        except (OSError, ValueError, RecursionError, jwt.PyJWTError) as error:
            if now - self._warned >= WARN_EVERY_S:
                self._warned = now
                logger.warning("The JWKS address %s gives no keys: %s.", self._address, error)


def keys_of(settings: AuthSettings) -> Keys:
    """The keys that the settings name.

    Raises:
        ConfigurationError: A file of keys that cannot be used.
    """
    if settings.jwks is None:
        assert settings.secret is not None
        return SharedSecret(settings.secret.get_secret_value())
    if is_address(settings.jwks):
        return JwksAddress(settings.jwks, settings.algorithm)
    return JwksFile(Path(settings.jwks), settings.algorithm)
