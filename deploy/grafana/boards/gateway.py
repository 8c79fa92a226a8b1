"""The gateway: tokens that were checked, and its certificate."""

from __future__ import annotations

from deploy.grafana.dashboard import Dashboard
from deploy.grafana.panels import Panel, Query


def _quantile(share: float) -> Query:
    buckets = "sum by (le) (rate(gateway_token_check_duration_seconds_bucket[$__rate_interval]))"
    return Query(f"histogram_quantile({share}, {buckets})", f"{share:.0%} within")


GATEWAY = Dashboard(
    "gateway",
    "gateway",
    "Tokens that were checked for the gateway, and how long its certificate holds.",
    {
        "Tokens": (
            Panel(
                "Checks by outcome",
                "accepted, or the code that the caller was told.",
                "ops",
                (
                    Query(
                        "sum by (outcome) (rate(gateway_token_checks_total[$__rate_interval]))", "{{outcome}}"
                    ),
                ),
                stacked=True,
            ),
            Panel(
                "Time of a check",
                "Every request waits for it.",
                "s",
                (_quantile(0.5), _quantile(0.99)),
            ),
            Panel(
                "Refused",
                "Share of tokens that were not accepted: a rise may be an attack, or an issuer whose keys changed.",
                "percentunit",
                (
                    Query(
                        '1 - (sum(rate(gateway_token_checks_total{outcome="accepted"}[$__rate_interval])) or vector(0))'
                        " / "
                        "sum(rate(gateway_token_checks_total[$__rate_interval]))",
                        "refused",
                    ),
                ),
                top=1,
            ),
        ),
        "Itself": (
            Panel(
                "Certificate holds for",
                "Until it expires. Below 21 days somebody is told, below seven somebody is woken.",
                "s",
                (Query("min(gateway_certificate_expires_timestamp_seconds) - time()", "left"),),
                kind="stat",
                columns=6,
            ),
            Panel(
                "Memory of the verifier",
                "Resident.",
                "bytes",
                (Query('process_resident_memory_bytes{job="gateway"}', "{{instance}}"),),
                columns=9,
            ),
            Panel(
                "CPU of the verifier",
                "Seconds a second.",
                "short",
                (Query('rate(process_cpu_seconds_total{job="gateway"}[$__rate_interval])', "{{instance}}"),),
                columns=9,
            ),
        ),
    },
    (),
)
