"""Models: what serves, how long it takes, how requests wait for it, and what the registry and challengers do."""

from __future__ import annotations

from deploy.grafana.dashboard import SERVICE, Dashboard, Variable
from deploy.grafana.panels import Panel, Query

MODEL = "{{service}} {{model_name}} {{model_version}}"
CHOSEN = 'service=~"$service", model_name=~"$model"'
BY = "service, model_name, model_version"

SERVING = (
    Panel(
        "What serves",
        "Models that answer at this moment, with the first characters of their digests and where they run.",
        "short",
        (Query(f"max by ({BY}, task, digest, provider) (ai_model_info{{{CHOSEN}}}) == 1"),),
        kind="table",
        columns=24,
    ),
    Panel(
        "Inference: 95 % within",
        "Time of one batch in the model, by version. A new version stands beside the old one.",
        "s",
        (Query(f"model:ai_model_inference_duration_seconds:p95_rate5m{{{CHOSEN}}}", MODEL),),
    ),
    Panel(
        "Batch size",
        "Mean number of items in one batch. On a CPU it is 1: batches make nothing cheaper there.",
        "short",
        (Query(f"model:ai_model_batch_size:mean_rate5m{{{CHOSEN}}}", MODEL),),
    ),
    Panel(
        "Items",
        "What models worked on, a second.",
        "ops",
        (Query(f"sum by ({BY}) (rate(ai_model_batch_size_sum{{{CHOSEN}}}[$__rate_interval]))", MODEL),),
    ),
    Panel(
        "Model seconds a second",
        "How many cores or devices a model keeps busy, over all replicas.",
        "short",
        (
            Query(
                f"sum by ({BY}) (rate(ai_model_inference_duration_seconds_sum{{{CHOSEN}}}[$__rate_interval]))",
                MODEL,
            ),
        ),
    ),
)
QUEUES = (
    Panel(
        "Waiting for a turn: 95 % within",
        "workers: for a thread of the service; others: for a batch of that model. Replicas are added by it.",
        "s",
        (Query('queue:ai_queue_duration_seconds:p95_rate5m{service=~"$service"}', "{{service}} {{queue}}"),),
        warning=0.5,
        critical=1,
    ),
    Panel(
        "How long requests wait",
        "How many waited how long; brighter is more.",
        "s",
        (
            Query(
                "sum by (le) (increase(ai_queue_duration_seconds_bucket"
                '{queue="workers", service=~"$service"}[$__rate_interval]))',
                "{{le}}",
            ),
        ),
        kind="heatmap",
    ),
)
GPUS = (
    Panel(
        "Memory of GPUs",
        "Share in use, where there are GPUs.",
        "percentunit",
        (
            Query(
                "DCGM_FI_DEV_FB_USED / (DCGM_FI_DEV_FB_USED + DCGM_FI_DEV_FB_FREE)",
                "{{instance}} GPU {{gpu}}",
            ),
        ),
        warning=0.85,
        critical=0.92,
        top=1,
    ),
    Panel(
        "GPUs at work",
        "Percent of the time in which something ran.",
        "percent",
        (Query("DCGM_FI_DEV_GPU_UTIL", "{{instance}} GPU {{gpu}}"),),
        top=100,
    ),
)
REGISTRY = (
    Panel(
        "Registry answers",
        "Of services that follow the registry of models: whether it answered when it was last asked.",
        "short",
        (Query('min by (service) (ai_model_registry_up{service=~"$service"})', "{{service}}"),),
        kind="stat",
        words={"0": "no", "1": "yes"},
        columns=6,
    ),
    Panel(
        "Waits for a restart",
        "Champions that serve after the next restart.",
        "short",
        (
            Query(
                'max by (service, model_name, model_version) (ai_model_waiting{service=~"$service"})', MODEL
            ),
        ),
        kind="stat",
        words={"0": "no", "1": "waits"},
        columns=6,
    ),
    Panel(
        "Failures of the registry",
        "Times that it, or a version of it, could not be used.",
        "ops",
        (
            Query(
                "sum by (service, reason) "
                '(rate(ai_model_registry_failures_total{service=~"$service"}[$__rate_interval]))',
                "{{service}} {{reason}}",
            ),
        ),
    ),
    Panel(
        "Challengers: sampled requests",
        "compared: the challenger answered too; dropped: there was no time for it.",
        "reqps",
        (
            Query(
                "sum by (service, outcome) "
                '(rate(ai_model_shadow_requests_total{service=~"$service"}[$__rate_interval]))',
                "{{service}} {{outcome}}",
            ),
        ),
    ),
    Panel(
        "Challengers: disagreement",
        "Mean distance of a challenger's answers from those that were given: 0 the same, 1 opposite.",
        "short",
        (
            Query(
                f"sum by ({BY}) (rate(ai_model_shadow_disagreement_sum{{{CHOSEN}}}[1h])) / "
                f"sum by ({BY}) (rate(ai_model_shadow_disagreement_count{{{CHOSEN}}}[1h]))",
                MODEL,
            ),
        ),
    ),
    Panel(
        "Challengers: other verdicts",
        "Faces a second with another verdict by the challenger.",
        "ops",
        (Query(f"sum by ({BY}) (rate(ai_model_shadow_flips_total{{{CHOSEN}}}[1h]))", MODEL),),
    ),
)
MODELS = Dashboard(
    "models",
    "models",
    "What serves, how long it takes by version, how requests wait for it.",
    {"Models": SERVING, "Queues": QUEUES, "GPUs": GPUS, "Registry and challengers": REGISTRY},
    (SERVICE, Variable("model", "Model", "ai_model_info", "model_name")),
)
