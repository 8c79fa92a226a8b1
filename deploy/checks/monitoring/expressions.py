"""PromQL as a tree: which series an expression reads, and which labels it speaks of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import promql_parser as promql

TARGET_LABELS = frozenset({"job", "instance", "service", "node"})
"""What every series has from its target, beside its own."""
MADE_BY = {"label_replace": 1, "label_join": 1, "count_values": 0}
"""Functions that make a label, and which argument names it."""


@dataclass(frozen=True, slots=True)
class Series:
    """What is known of a metric: the labels of its own, and for a histogram's buckets their borders."""

    labels: frozenset[str]
    borders: frozenset[str] = frozenset()


Known = Mapping[str, Series]
"""By the name of the samples: ``x_total``, ``y_bucket``."""


def parsed(expression: str) -> Any:
    """The tree.

    Raises:
        ValueError: It is no PromQL; the message says where.
    """
    return promql.parse(expression)


def nodes(tree: Any) -> list[Any]:
    """All nodes of a tree, the outer ones first."""
    found: list[Any] = []
    promql.walk(tree, found.append)
    return found


def selectors(tree: Any) -> list[Any]:
    """All that select series by a name and labels."""
    return [node for node in nodes(tree) if isinstance(node, promql.VectorSelector)]


def grouped(tree: Any) -> frozenset[str]:
    """Labels that aggregations leave: those of the outermost one."""
    for node in nodes(tree):
        if isinstance(node, promql.AggregateExpr) and node.modifier is not None:
            return frozenset(node.modifier.labels)
    return frozenset()


def faults(expression: str, known: Known) -> Iterator[str]:
    """What is wrong with an expression, in words: syntax, a metric, a label or a border that there is not."""
    try:
        tree = parsed(expression)
    except ValueError as error:
        yield f"no PromQL: {error}"
        return
    there: set[str] = set(TARGET_LABELS)
    for selector in selectors(tree):
        name = selector.name
        if name is None or name not in known:
            yield f"nothing says the metric {name}"
            continue
        there |= known[name].labels
        yield from _wrong_matchers(selector, known[name])
    yield from (
        f"no series here has the label {label}" for label in sorted(_spoken_of(tree) - there - _made(tree))
    )


def _wrong_matchers(selector: Any, series: Series) -> Iterator[str]:
    for matcher in selector.matchers.matchers:
        if matcher.name not in series.labels | TARGET_LABELS:
            yield f"{selector.name} has no label {matcher.name}"
        elif (
            matcher.name == "le"
            and matcher.op == promql.MatchOp.Equal
            and matcher.value not in series.borders
        ):
            yield f"{selector.name} has no border {matcher.value}"


def _spoken_of(tree: Any) -> set[str]:
    """Labels that are grouped or matched by."""
    found: set[str] = set()
    for node in nodes(tree):
        if isinstance(node, promql.AggregateExpr) and node.modifier is not None:
            found |= set(node.modifier.labels)
        if isinstance(node, promql.BinaryExpr) and node.modifier is not None:
            found |= set(node.modifier.matching.labels if node.modifier.matching else ())
            found |= set(node.modifier.group_labels or ())
    return found


def _made(tree: Any) -> set[str]:
    calls = [node for node in nodes(tree) if isinstance(node, promql.Call) and node.func.name in MADE_BY]
    return {call.args[MADE_BY[call.func.name]].val for call in calls}
