"""Try a deployment from outside: ``python -m deploy.scripts.smoke``, or ``deploy/scripts/smoke``.

Safe at any time, in production too: the pictures are drawn and show nobody, and what is written (a gallery, a video
job) belongs to a tenant of its own and is erased at once. Exit code 0 where all is well, 1 where something is not, 2
where the command is wrong.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bentos.common.errors import ConfigurationError
from deploy.scripts.trials import tokens
from deploy.scripts.trials.caller import Caller
from deploy.scripts.trials.run import Outcome, outcomes, plan
from deploy.scripts.trials.target import PREFIXES, Target

VIDEO_LIMIT_S = 300.0
MARKS = {True: Text("good", "green"), False: Text("BAD", "bold red"), None: Text("-", "yellow")}


def main(arguments: Sequence[str] | None = None) -> int:
    """Try everything, print a table, and name what failed."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    try:
        token = _token(chosen)
        with Caller(_target(parser, chosen), token, chosen.ca) as caller:
            trials = plan(caller, chosen.expect_version, chosen.video, chosen.video_limit)
            found = list(outcomes(trials))
    except (ConfigurationError, OSError) as error:  # such as an authority's file that is not there
        parser.error(getattr(error, "message", str(error)))
    return _report(found)


def _report(found: list[Outcome]) -> int:
    table = Table("service", "trial", "", "s", "what was found")
    for one in found:
        seconds = "" if one.good is None else f"{one.seconds:.2f}"
        table.add_row(one.service, one.name, MARKS[one.good], seconds, Text(one.what, overflow="fold"))
    Console().print(table)
    bad = [one for one in found if one.good is False]
    for one in bad:
        print(f"smoke: {one.service}: {one.name}: {one.what}", file=sys.stderr)
    print(f"{sum(one.good is True for one in found)} of {len(found)} trials are good.", flush=True)
    return int(bool(bad))


def _token(chosen: argparse.Namespace) -> str:
    if chosen.token_file:
        return tokens.given(chosen.token_file)
    return tokens.signed(chosen.secret_file, chosen.audience, chosen.issuer)


def _target(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> Target:
    if chosen.gateway:
        return Target.behind(chosen.gateway)
    if chosen.port_base is not None:
        return Target.at_ports(chosen.port_base)
    pairs = dict(one.partition("=")[::2] for one in chosen.service)
    if strange := sorted(set(pairs) - set(PREFIXES)):
        parser.error(f"no such service: {', '.join(strange)}; there are {', '.join(PREFIXES)}")
    return Target({name: url.rstrip("/") for name, url in pairs.items()}, gateway=False)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="smoke", description=__doc__)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--gateway", metavar="URL", help="the address that everything is behind")
    where.add_argument("--port-base", type=int, metavar="N", help="a local stack: services at N+1 to N+5")
    where.add_argument(
        "--service", action="append", metavar="NAME=URL", help="a service by itself; may be repeated"
    )
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument(
        "--secret-file", type=Path, metavar="FILE", help="the HS256 secret, to sign a token with"
    )
    who.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="a token of an admin of a tenant whose name begins with smoke",
    )
    parser.add_argument("--audience", help="of the token that is signed")
    parser.add_argument("--issuer", help="of the token that is signed")
    parser.add_argument("--ca", metavar="FILE", help="the authority that signed the gateway's certificate")
    parser.add_argument("--expect-version", metavar="VERSION", help="that every service has to report")
    parser.add_argument("--video", type=Path, metavar="FILE", help="a short video to analyse")
    parser.add_argument("--video-limit", type=float, default=VIDEO_LIMIT_S, metavar="SECONDS")
    return parser


if __name__ == "__main__":
    sys.exit(main())
