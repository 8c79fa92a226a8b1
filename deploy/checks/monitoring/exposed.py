"""The metrics that there are, read from the code that says them; of others' programs a list."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from pydantic import SecretStr

from bentos.common.auth import TokenVerifier
from bentos.common.database import Database
from bentos.common.database.upgrade import upgrade
from bentos.common.metrics import Metrics
from bentos.common.registry.watched import RegistryMetrics
from bentos.common.settings import AuthSettings, DatabaseSettings
from bentos.common.shadow.comparison import Comparison
from bentos.common.shadow.watched import ShadowMetrics
from bentos.deepfake_detection.video.metering import JobMetrics
from bentos.deepfake_detection.video.upkeep import Upkeep
from bentos.face_recognition.gallery.metering import gallery_gauges
from deploy.checks.monitoring.expressions import Known, Series
from deploy.nginx.certificate import ensure_certificate
from deploy.nginx.certificate_watch import CertificateExpiry
from deploy.nginx.token_checks import Checks
from models.catalogue import CATALOGUE

_DEVICE = frozenset({"gpu", "UUID", "device", "modelName", "Hostname"})
OF_OTHERS: Known = MappingProxyType(
    {
        "up": Series(frozenset()),
        "ALERTS": Series(frozenset({"alertname", "alertstate", "severity"})),
        "prometheus_rule_evaluation_failures_total": Series(frozenset({"rule_group"})),
        # NVIDIA's dcgm-exporter, its default counters.
        "DCGM_FI_DEV_FB_USED": Series(_DEVICE),
        "DCGM_FI_DEV_FB_FREE": Series(_DEVICE),
        "DCGM_FI_DEV_GPU_UTIL": Series(_DEVICE),
    }
)
"""Of Prometheus and of NVIDIA's exporter."""


@lru_cache(maxsize=1)
def exposed() -> Known:
    """All that services, the token verifier and others say, by the name of the samples."""
    with TemporaryDirectory() as folder:
        texts = [_of_services(), _of_models(), *_of_databases(Path(folder)), _of_the_verifier(Path(folder))]
    return MappingProxyType({**OF_OTHERS, **read(*texts)})


def read(*texts: str) -> Mapping[str, Series]:
    """What pages of metrics say.

    Args:
        texts: In Prometheus' format.
    """
    labels: dict[str, set[str]] = {}
    borders: dict[str, set[str]] = {}
    for text in texts:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                labels.setdefault(sample.name, set()).update(sample.labels)
                borders.setdefault(sample.name, set()).update(filter(None, [sample.labels.get("le")]))
    return {name: Series(frozenset(labels[name]), frozenset(borders[name])) for name in labels}


def _of_services() -> str:
    """Every service's own, each counted once."""
    metrics, card = Metrics("service"), next(iter(CATALOGUE.values()))
    metrics.request("POST", "/", 200, 0)
    metrics.batch(card, 1, 0)
    metrics.serving("model", [card], "CPUExecutionProvider")
    metrics.waiting("workers")(0)
    metrics.scored(card, [("score", 0.5)])
    return metrics.render().decode()


def _of_models() -> str:
    """Of services that follow a registry and try a challenger."""
    collected, cards = CollectorRegistry(), [next(iter(CATALOGUE.values()))]
    registry, shadow = RegistryMetrics("service", collected), ShadowMetrics("service", collected)
    registry.up(True)
    registry.failed("unreachable")
    registry.waiting(cards, True)
    shadow.sampled("compared")
    shadow.compared(cards, Comparison(0, 1))
    return generate_latest(collected).decode()


def _of_databases(folder: Path) -> Iterator[str]:
    """What galleries and jobs are counted by, from an empty database."""
    url = SecretStr(f"sqlite:///{folder / 'empty.sqlite'}")
    database = Database(DatabaseSettings(url=url, pool_size=1, timeout_s=10))
    upgrade(database)
    yield _collected(gallery_gauges(database))
    yield _collected(JobMetrics(Upkeep(database)))
    database.close()


def _of_the_verifier(folder: Path) -> str:
    certificate = folder / "certificate.pem"
    ensure_certificate(certificate, folder / "key.pem", ["localhost"])
    auth = AuthSettings(
        algorithm="HS256",
        secret=SecretStr(secrets.token_hex(32)),
        jwks=None,
        audience=None,
        issuer=None,
        leeway_s=0,
    )
    checks = Checks(TokenVerifier(auth), [CertificateExpiry(certificate)])
    asyncio.run(checks.answer([]))
    return checks.metrics()[2].decode()


def _collected(collector: Collector) -> str:
    registry = CollectorRegistry()
    registry.register(collector)
    return generate_latest(registry).decode()
