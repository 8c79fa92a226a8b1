"""How what models say is distributed, and whether that changes."""

from __future__ import annotations

from deploy.grafana.dashboard import SERVICE, Dashboard, Variable
from deploy.grafana.panels import Panel, Query

CHOSEN = 'service=~"$service", score=~"$score"'
SERIES = "{{service}} {{model_name}} {{model_version}} {{score}}"
BY = "service, model_name, model_version, score"

DRIFT = Dashboard(
    "drift",
    "drift of scores",
    "How scores are distributed now, beside the last week. Ages are in hundreds of years.",
    {
        "Distance": (
            Panel(
                "Distance of the last hour from the last week",
                "Kolmogorov-Smirnov: the largest difference of the two shares up to any border. 0 the same, "
                "1 wholly other. With few scores it is large by chance.",
                "short",
                (Query(f"model:ai_model_score:ks_distance{{{CHOSEN}}}", SERIES),),
                warning=0.1,
                critical=0.2,
                top=1,
            ),
            Panel(
                "Scores in the last hour",
                "Below 300 the distance says nothing, and nobody is told of it.",
                "short",
                (Query(f"model:ai_model_score:increase1h{{{CHOSEN}}}", SERIES),),
            ),
            Panel(
                "Mean score",
                "Over an hour.",
                "short",
                (
                    Query(
                        f"sum by ({BY}) (rate(ai_model_score_sum{{{CHOSEN}}}[1h])) / "
                        f"sum by ({BY}) (rate(ai_model_score_count{{{CHOSEN}}}[1h]))",
                        SERIES,
                    ),
                ),
                top=1,
            ),
            Panel(
                "Scores over time",
                "How many fell where; brighter is more. Choose one score to read it.",
                "short",
                (
                    Query(
                        f"sum by (le) (increase(ai_model_score_bucket{{{CHOSEN}}}[$__rate_interval]))",
                        "{{le}}",
                    ),
                ),
                kind="heatmap",
            ),
        ),
        "Distributions": (
            Panel(
                "The last hour",
                "Share of scores up to each border.",
                "percentunit",
                (Query(f"model:ai_model_score:cdf_rate1h{{{CHOSEN}}}", f"{SERIES} up to {{{{le}}}}"),),
                kind="bargauge",
                rows=14,
                top=1,
            ),
            Panel(
                "The last week",
                "The same for a week: where the bars differ most is the distance.",
                "percentunit",
                (Query(f"model:ai_model_score:cdf_rate1w{{{CHOSEN}}}", f"{SERIES} up to {{{{le}}}}"),),
                kind="bargauge",
                rows=14,
                top=1,
            ),
        ),
    },
    (SERVICE, Variable("score", "Score", "ai_model_score_count", "score")),
    since="now-7d",
)
