"""What callers notice: requests, errors, latency, and how fast budgets burn."""

from __future__ import annotations

from deploy.grafana.dashboard import Dashboard
from deploy.grafana.panels import Panel, Query

CALLS = 'path=~"/api/.+|unmatched", service=~"$service"'


def _quantile(share: float) -> Query:
    buckets = (
        'rate(http_request_duration_seconds_bucket{path=~"/api/.+", service=~"$service"}[$__rate_interval])'
    )
    return Query(f"histogram_quantile({share}, sum by (le) ({buckets}))", f"{share:.0%} within")


NOW = (
    Panel(
        "Replicas that answer",
        "Of each service, by the last scrape.",
        "short",
        (Query('sum by (service) (up{job="services", service=~"$service"})', "{{service}}"),),
        kind="stat",
        words={"0": "none"},
        columns=14,
        rows=5,
    ),
    Panel(
        "Alerts that fire",
        "By severity: a page wakes somebody, a ticket waits until morning.",
        "short",
        (
            Query('count(ALERTS{alertstate="firing", severity="page"}) or vector(0)', "page"),
            Query('count(ALERTS{alertstate="firing", severity="ticket"}) or vector(0)', "ticket"),
        ),
        kind="stat",
        warning=1,
        words={"0": "none"},
        columns=5,
        rows=5,
    ),
    Panel(
        "Other programs",
        "The token verifier, Milvus, Prometheus, Alertmanager and the exporter of GPU metrics, where there are any.",
        "short",
        (Query('min by (job) (up{job!="services"})', "{{job}}"),),
        kind="stat",
        words={"0": "down", "1": "up"},
        columns=5,
        rows=5,
    ),
)
REQUESTS = (
    Panel(
        "Requests by service",
        "Requests a second, refused ones included; probes and scrapes are none.",
        "reqps",
        (Query('service:http_requests:rate5m{service=~"$service"}', "{{service}}"),),
    ),
    Panel(
        "Answers by status",
        "4xx are callers' faults, 5xx ours; 499: the caller went away.",
        "reqps",
        (Query(f"sum by (status) (rate(http_requests_total{{{CALLS}}}[$__rate_interval]))", "{{status}}"),),
        stacked=True,
    ),
    Panel(
        "Failed requests",
        "Share of valid requests that were answered with 5xx in five minutes. Dashed: the budget in the long run.",
        "percentunit",
        (Query('service:http_requests_failed:ratio_rate5m{service=~"$service"}', "{{service}}"),),
        warning=0.001,
        critical=0.0144,
    ),
    Panel(
        "Refused for want of room",
        "503 OVERLOADED before a route was looked for: a request would have waited too long.",
        "reqps",
        (
            Query(
                'sum by (service) (rate(http_requests_total{path="unmatched", status="503", service=~"$service"}'
                "[$__rate_interval])) or 0 * service:http_requests:rate5m",
                "{{service}}",
            ),
        ),
    ),
)
LATENCY = (
    Panel(
        "Time to answer, all chosen services",
        "From the first byte of a request to the last of its answer; batches and videos included.",
        "s",
        (_quantile(0.5), _quantile(0.95), _quantile(0.99)),
    ),
    Panel(
        "Time to answer: 95 % within",
        "By service, over five minutes.",
        "s",
        (Query('service:http_request_duration_seconds:p95_rate5m{service=~"$service"}', "{{service}}"),),
    ),
    Panel(
        "Slowest routes",
        "The ten routes with the largest 95th percentile in the last hour, in seconds.",
        "s",
        (
            Query(
                "topk(10, histogram_quantile(0.95, sum by (service, method, path, le) "
                '(rate(http_request_duration_seconds_bucket{path=~"/api/.+", service=~"$service"}[1h]))))',
                "{{service}} {{method}} {{path}}",
            ),
        ),
        kind="bargauge",
        columns=24,
    ),
)
BURNING = "1: the budget of 30 days is used up in 30 days. 14.4 for an hour, or 6 for six hours, is a page."
BUDGETS = tuple(
    Panel(
        f"{what}: how fast the budget burns, over {window}",
        f"{why} {BURNING}",
        "short",
        (Query(f'service:{ratio}:ratio_rate{window}{{service=~"$service"}} / {budget}', "{{service}}"),),
        warning=1,
        critical=limit,
    )
    for what, why, ratio, budget in (
        ("Errors", "99.9 % of valid requests are to be answered without 5xx.", "http_requests_failed", 0.001),
        (
            "Latency",
            "95 % of single pictures are to be answered in 0.5 s (detect) or 1 s.",
            "http_requests_slow",
            0.05,
        ),
    )
    for window, limit in (("1h", 14.4), ("6h", 6))
)
OVERVIEW = Dashboard(
    "overview",
    "overview",
    "What callers notice, and how fast the budgets of errors and late answers burn.",
    {"Now": NOW, "Requests and errors": REQUESTS, "Latency": LATENCY, "Objectives": BUDGETS},
)
