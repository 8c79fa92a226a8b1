"""Answers about pictures that were given a moment ago."""

from __future__ import annotations

import hashlib
import logging
import math
import time
from collections.abc import Callable, Sequence

from pydantic import BaseModel

from bentos import __version__
from bentos.common.errors import DependencyUnavailable
from bentos.common.keyvalue import KeyValue
from bentos.common.keyvalue.keys import digest_of
from bentos.common.settings import CacheSettings

logger = logging.getLogger(__name__)

REST_S = 5.0
"""So long a store that has failed is left alone: a request waits for it once, and not again and again."""


class ResultCache:
    """Remembers answers, at most so many and so long as the settings say; without it everything is computed anew.

    Args:
        store: Where they are kept; where it fails nothing is remembered, and no request fails of it.
        settings: With size 0 nothing is remembered, and no request asks the store.
        clock: Seconds that never go back.
    """

    def __init__(
        self, store: KeyValue, settings: CacheSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._rests_until = -math.inf

    @property
    def on(self) -> bool:
        """Whether anything is remembered at all."""
        return self._settings.size > 0

    def key(
        self, tenant: str, operation: str, image: bytes, models: Sequence[str], options: BaseModel
    ) -> str:
        """The key of an answer.

        Args:
            tenant: Whose picture it is; no tenant is told what was computed for another.
            operation: Service and operation.
            image: The picture as it was sent.
            models: Digests of all models that answer.
            options: What the caller chose, defaults included.
        """
        digest = hashlib.sha256(image).hexdigest()
        question = [__version__, operation, digest, *models, options.model_dump_json()]
        return f"{_prefix(tenant)}{digest_of(question)}"

    def get(self, key: str) -> bytes | None:
        """The remembered answer; None where there is none, or where the store does not answer."""
        if not self._is_asked:
            return None
        try:
            return self._store.get(key)
        except DependencyUnavailable as error:
            self._rest(error)
            return None

    def put(self, key: str, body: bytes) -> None:
        """Remember an answer, if the store lets us."""
        if not self._is_asked:
            return
        try:
            self._store.put_bounded(key, body, self._settings.ttl_s, self._settings.size)
        except DependencyUnavailable as error:
            self._rest(error)

    def forget_tenant(self, tenant: str) -> int:
        """Forget all answers for a tenant, also those of other services in the same store; how many they were.

        The store is asked whatever the size: another service may remember more.

        Raises:
            DependencyUnavailable: They may still be remembered.
        """
        return self._store.delete_prefix(_prefix(tenant))

    @property
    def _is_asked(self) -> bool:
        return self.on and self._clock() >= self._rests_until

    def _rest(self, error: DependencyUnavailable) -> None:
        if self._is_asked:
            logger.warning("nothing is remembered for %.0f s: %s", REST_S, error.__cause__ or error)
        self._rests_until = self._clock() + REST_S


def _prefix(tenant: str) -> str:
    return f"cache:{digest_of([tenant])}:"
