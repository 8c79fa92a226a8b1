"""What ``/metrics`` says, read as Prometheus reads it."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families


def sampled(text: str, name: str, **labels: str) -> dict[tuple[tuple[str, str], ...], float]:
    """Samples of a name with these labels, by their labels."""
    return {
        tuple(sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    }


def value_of(text: str, name: str, **labels: str) -> float | None:
    """The only sample of a name with these labels; None where there is none."""
    found = list(sampled(text, name, **labels).values())
    assert len(found) <= 1, found
    return found[0] if found else None
