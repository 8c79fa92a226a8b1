"""``python -m deploy.checks [--strict] [NAME…]``: what is wrong with what would be deployed.

Exit code 1 where something is; with ``--strict`` also where a check cannot be made, because a program is missing.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from deploy.checks.finding import Check, MissingProgram

ROOT = Path(__file__).parents[2]
CHECKS: Mapping[str, str] = MappingProxyType(
    {
        "compose": "deploy.checks.compose",
        "kubernetes": "deploy.checks.kubernetes",
        "prometheus": "deploy.checks.prometheus",
        "alertmanager": "deploy.checks.alertmanager",
        "dashboards": "deploy.checks.dashboards",
        "scripts": "deploy.checks.scripts",
    }
)
"""Modules with a function ``check``, by the names that they are asked for."""


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Run the named checks, or all."""
    parser = argparse.ArgumentParser(prog="python -m deploy.checks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(CHECKS))
    parser.add_argument("--strict", action="store_true", help="a check that cannot be made is a fault")
    chosen = parser.parse_args(arguments)
    if unknown := sorted(set(chosen.names) - set(CHECKS)):
        parser.error(f"no such check: {', '.join(unknown)}; there are {', '.join(CHECKS)}")
    codes = [_run(name, root, chosen.strict) for name in chosen.names or CHECKS]
    return max(codes, default=0)


def _run(name: str, root: Path, strict: bool) -> int:
    check: Check = importlib.import_module(CHECKS[name]).check
    try:
        findings = list(check(root))
    except MissingProgram as missing:
        print(f"{name}: not checked: {missing.message}", file=sys.stderr)
        return int(strict)
    for finding in findings:
        print(f"{name}: {finding}", file=sys.stderr)
    print(f"{name}: {len(findings) or 'no'} fault{'s' if len(findings) != 1 else ''}", flush=True)
    return int(bool(findings))


if __name__ == "__main__":
    sys.exit(main())
