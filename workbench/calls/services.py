"""What services say of themselves, and what was done to them."""

from __future__ import annotations

from bentos.contracts import AuditExportEnd, AuditPage, Health, ModelCards, PageOptions, Success
from workbench.calls.call import LONG_S, RECOGNITION, Call, form_fields

HEALTH_TIMEOUT_S = 3.0


def health(service: str) -> Call[Health]:
    """How a service is; needs no token and is asked once: another try would tell of another moment."""
    return Call(
        service,
        "GET",
        "health",
        Health.model_validate_json,
        versioned=False,
        repeatable=False,
        timeout_s=HEALTH_TIMEOUT_S,
    )


def model(service: str) -> Call[Success[ModelCards]]:
    """Cards of the models that a service runs."""
    return Call(service, "GET", "model", Success[ModelCards].model_validate_json)


def metrics(service: str) -> Call[str]:
    """A service's metrics in Prometheus' text format; needs no token, and no gateway passes it on."""
    return Call(
        service,
        "GET",
        "metrics",
        _exposition,
        versioned=False,
        published=False,
        repeatable=False,
        timeout_s=HEALTH_TIMEOUT_S,
    )


def audit(limit: int = 100, cursor: str | None = None) -> Call[Success[AuditPage]]:
    """What was done in the tenant, newest last; for administrators, and reading it is an event as well."""
    query = form_fields(PageOptions(limit=limit, cursor=cursor))
    return Call(RECOGNITION, "GET", "audit", Success[AuditPage].model_validate_json, query=query)


def export_audit() -> Call[bytes]:
    """All events as lines of JSON, the last one an ``AuditExportEnd``."""
    return Call(RECOGNITION, "GET", "audit/export", bytes, timeout_s=LONG_S)


def ends_audit(line: bytes) -> bool:
    """Whether it is the last line of a whole export."""
    try:
        return AuditExportEnd.model_validate_json(line).end
    except ValueError:
        return False


def _exposition(body: bytes) -> str:
    text = body.decode()
    if not text.startswith("#"):
        raise ValueError("Prometheus' text format begins with what the first metric is")
    return text
