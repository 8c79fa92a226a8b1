"""What it costs in a month, from a table of prices that is given."""

from __future__ import annotations

from dataclasses import dataclass

HOURS = 730
GB = 1e9


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of a provider, in its currency.

    Attributes:
        core_hour: A core for an hour.
        gb_hour: A GB of memory for an hour.
        gpu_hour: A GPU with its machine for an hour.
        disk_gb_month: A GB on an SSD, replicated by the provider, for a month.
        object_gb_month: A GB in an object store for a month.
        currency: As it is written.
        stated: The day, and where they come from.
    """

    core_hour: float
    gb_hour: float
    gpu_hour: float
    disk_gb_month: float
    object_gb_month: float
    currency: str
    stated: str


@dataclass(frozen=True, slots=True)
class Bill:
    """What is paid for: cores, bytes of memory, GPUs, bytes on SSDs, bytes in an object store."""

    cores: float = 0
    memory_bytes: float = 0
    gpus: float = 0
    disk_bytes: float = 0
    object_bytes: float = 0


def month(bill: Bill, prices: Prices) -> float:
    """The price of a month of 730 hours."""
    hourly = (
        bill.cores * prices.core_hour + bill.memory_bytes / GB * prices.gb_hour + bill.gpus * prices.gpu_hour
    )
    stored = bill.disk_bytes / GB * prices.disk_gb_month + bill.object_bytes / GB * prices.object_gb_month
    return hourly * HOURS + stored
