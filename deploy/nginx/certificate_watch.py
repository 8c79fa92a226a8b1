"""When the gateway's certificate ends, as ``/metrics`` tells it."""

from __future__ import annotations

import logging
import stat
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bentos.common.errors import ConfigurationError
from deploy.nginx.certificate import expiry_of

logger = logging.getLogger(__name__)

NAME = "gateway_certificate_expires_timestamp_seconds"
Stamp = tuple[int, ...]


class CertificateExpiry(Collector):
    """``gateway_certificate_expires_timestamp_seconds`` of the first certificate in a file.

    The file is read again when it changes: certificates are renewed without a restart. Without one that can be read
    the metric is left out, and the log says so once.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: Stamp | None = None
        self._expires: float | None = None
        self._lamented = False

    def collect(self) -> Iterator[Metric]:
        """What Prometheus is told."""
        try:
            self._read_if_changed()
        except (ConfigurationError, OSError) as error:
            self._expires = None
            if not self._lamented:
                logger.warning("when the gateway's certificate ends is not known: %s", error)
            self._lamented = True
        if self._expires is not None:
            yield GaugeMetricFamily(NAME, "When the gateway's certificate ends", value=self._expires)

    def _read_if_changed(self) -> None:
        before, self._stamp = self._stamp, None
        found = self._path.stat()
        if not stat.S_ISREG(found.st_mode):  # a pipe would be waited for
            raise ConfigurationError(f"{self._path} is no file")
        self._stamp = (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)
        if self._stamp != before:  # it is kept also of a broken file, which is read once
            self._expires = expiry_of(self._path).timestamp()
            self._lamented = False
