"""What the rest of the project knows of short-lived state."""

from __future__ import annotations

from typing import Protocol


class KeyValue(Protocol):
    """Bytes by key, each for some seconds; safe to call from many threads, of many processes where it is Redis.

    A key's first segment, up to its first colon, names its group, such as ``cache`` or ``rate``. Every method
    raises DependencyUnavailable while Redis does not answer; whether it did what was asked is then unknown.
    """

    def get(self, key: str) -> bytes | None:
        """The value, or None where there is none or its time is over."""
        ...

    def put(self, key: str, value: bytes, ttl_s: int) -> None:
        """Set a value, whatever was there."""
        ...

    def put_bounded(self, key: str, value: bytes, ttl_s: int, most: int) -> None:
        """The same in a group of at most ``most`` keys, all put so and for the same time; the oldest go first."""
        ...

    def add(self, key: str, value: bytes, ttl_s: int) -> bool:
        """Set a value where there is none; whether that was so. Of many callers one succeeds."""
        ...

    def replace_if(self, key: str, expected: bytes, value: bytes, ttl_s: int) -> bool:
        """Set a value where the one there is ``expected``; whether that was so."""
        ...

    def delete(self, key: str) -> None:
        """Remove a key; one that is not there is no error."""
        ...

    def delete_if(self, key: str, expected: bytes) -> bool:
        """Remove a key whose value is ``expected``; whether that was so."""
        ...

    def delete_prefix(self, prefix: str) -> int:
        """Remove every key that begins with these very characters; how many there were."""
        ...

    def count(self, key: str, window_s: int) -> tuple[int, int]:
        """Count one more; the counter ends ``window_s`` seconds after its first, and begins anew.

        Returns:
            The new count, and the seconds left, at least 1.
        """
        ...

    def ping(self) -> None:
        """Return if the store answers."""
        ...

    def close(self) -> None:
        """Let go of all connections; nothing is asked afterwards."""
        ...


def group_of(key: str) -> str:
    """The first segment of a key; the empty group where it has but one."""
    head, colon, _ = key.partition(":")
    return head if colon else ""
