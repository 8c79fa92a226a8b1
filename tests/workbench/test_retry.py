from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.retry import RetryPolicy
from workbench.wire import retry_after

REQUEST = httpx.Request("GET", "http://127.0.0.1")


def busy(status: int = 503, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, headers=named, request=REQUEST)


@pytest.mark.parametrize(("attempt", "longest"), [(1, 0.25), (2, 0.5), (3, 1.0)])
@pytest.mark.parametrize("jitter", [0.0, 0.5, 1.0])
def test_waits_double_and_are_spread(attempt, longest, jitter):
    policy = RetryPolicy(base_s=0.25, jitter=lambda: jitter)
    assert policy.wait_after(busy(), attempt) == longest * jitter


def test_no_wait_is_longer_than_the_longest():
    policy = RetryPolicy(attempts=100, longest_s=3, jitter=lambda: 1.0)
    assert policy.wait_after(busy(), 60) == 3


def test_retry_after_goes_before_the_back_off():
    policy = RetryPolicy(base_s=1, jitter=lambda: 0.5)
    assert policy.wait_after(busy(Retry_After="2"), 1) == 2.5


@given(st.integers(1, 10), st.floats(0, 60, allow_nan=False), st.integers(0, 10**6), st.integers(1, 12))
def test_the_sum_of_all_waits_is_bounded(attempts, longest, asked, attempt):
    policy = RetryPolicy(attempts=attempts, longest_s=longest)
    wait = policy.wait_after(busy(Retry_After=str(asked)), attempt)
    assert wait is None or (attempt < attempts and asked <= wait <= 2 * longest)


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (httpx.ConnectError("refused"), True),
        (httpx.ReadError("reset"), True),
        (httpx.RemoteProtocolError("closed"), True),
        (httpx.ConnectTimeout("slow"), True),
        (httpx.ReadTimeout("slow"), False),
        (httpx.UnsupportedProtocol("ftp"), False),
        (httpx.DecodingError("gzip"), False),
    ],
)
def test_which_broken_connections_are_tried_again(error, again):
    assert (RetryPolicy().wait_after(error, 1) is not None) is again


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("0", 0), ("7", 7), ("-1", None), ("soon", None), ("", None), ("1.5", None), ("²", None)],
)
def test_retry_after_in_seconds(value, seconds):
    response = httpx.Response(503, headers={"Retry-After": value.encode()}, request=REQUEST)
    assert retry_after(response) == seconds


def test_retry_after_as_a_date():
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    past = format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)
    assert 28 <= (retry_after(busy(Retry_After=soon)) or 0) <= 30
    assert retry_after(busy(Retry_After=past)) == 0
    assert retry_after(busy(Retry_After="Mon, 23 Nov 2026 10:00:00 -0000")) is None


@given(st.binary(max_size=40).filter(lambda b: not set(b) & {0, 10, 13}))
def test_any_header_is_survived(value):
    found = retry_after(httpx.Response(503, headers={"Retry-After": value}, request=REQUEST))
    assert found is None or found >= 0
