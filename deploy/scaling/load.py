"""Replicas, machines and lines for a rate of requests; rows, backups and what they cost."""

from __future__ import annotations

import math

DAY_S = 86_400


def replicas(rate: float, measured_rate: float, load: float) -> int:
    """Replicas for a rate, each of which answers ``measured_rate`` at its best and is given a share of that.

    Args:
        rate: Requests a second.
        measured_rate: Of one replica at its limit.
        load: Share of the limit that a replica gets, so that peaks and a lost one do not make it refuse.
    """
    return math.ceil(rate / (measured_rate * load))


def gpus(rate: float, per_gpu: float, load: float) -> int:
    """GPUs for a rate, where one does ``per_gpu`` images a second at its best."""
    return replicas(rate, per_gpu, load)


def cores(rate: float, cpu_s: float, load: float) -> int:
    """Cores that so many requests a second keep busy, of which each takes ``cpu_s`` seconds of CPU."""
    return math.ceil(rate * cpu_s / load)


def line_bits(rate: float, request_bytes: float) -> float:
    """Bits a second that come in."""
    return rate * request_bytes * 8


def rows_bytes(rows: float, row_bytes: float) -> float:
    """Disk of a table with its indexes."""
    return rows * row_bytes


def hours(amount: float, per_second: float) -> float:
    """Hours that something takes."""
    return amount / per_second / 3600


def chains(rate: float, commit_s: float) -> int:
    """Tenants that a rate of audited requests has to be spread over.

    Events of one tenant follow each other (a chain of hashes, locked until the transaction ends), so a tenant is never
    faster than one event in a commit's time.
    """
    return math.ceil(rate * commit_s)
