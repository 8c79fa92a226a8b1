"""Short-lived state that the processes of a deployment share: remembered answers, idempotency keys, counters."""

from __future__ import annotations

from bentos.common.keyvalue.base import KeyValue
from bentos.common.keyvalue.process import ProcessStore
from bentos.common.settings import KeyValueSettings

__all__ = ["KeyValue", "ProcessStore", "open_key_value"]


def open_key_value(settings: KeyValueSettings) -> KeyValue:
    """Redis, or a store of the own process where there is none; nothing is connected to before it is needed.

    Raises:
        ConfigurationError: The address is not one of Redis.
    """
    if settings.redis_url is None:
        return ProcessStore()
    from bentos.common.keyvalue.redis_store import RedisStore  # its client takes 7 MB: only where it is used

    return RedisStore(settings)
