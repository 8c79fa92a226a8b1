"""Alerts turned into questions that always have an answer, as long as their data is there."""

from __future__ import annotations

from typing import Any

import promql_parser as promql

COMPARISONS = ("==", "!=", ">", "<", ">=", "<=")


def answered(expression: str) -> str:
    """An alert's expression with 0 or 1 for what it compares, and without asking whether something is absent.

    So it has a value wherever the alert could be judged, whether it fires or not.
    """
    found: str = promql.transform(promql.parse(expression), None, _replaced).prettify()
    return found


def _replaced(node: Any) -> Any:
    if isinstance(node, promql.Call) and node.func.name == "absent":
        return node.args[0]
    if isinstance(node, promql.BinaryExpr) and str(node.op) in COMPARISONS:
        assert node.modifier is None, "a comparison with its own matching is not foreseen here"
        return promql.parse(f"({node.lhs.prettify()}) {node.op} bool ({node.rhs.prettify()})")
    return None
