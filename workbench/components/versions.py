"""Versions in the registry: which there are, their figures, and the gate's last table."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from workbench.registry.client import RegistryReader
from workbench.registry.model import CHALLENGER, CHAMPION, Row, Version

VERDICTS = {"accepted": "✓ accepted", "refused": "✗ refused", "": "not asked yet"}


def show_versions(versions: Sequence[Version]) -> None:
    """A table of them, and who is champion and challenger."""
    with st.container(horizontal=True):
        for alias in (CHAMPION, CHALLENGER):
            held = next((one for one in versions if alias in one.aliases), None)
            st.metric(alias.capitalize(), "none" if held is None else f"Version {held.number}", width=150)
    st.dataframe(
        pd.DataFrame([_row(one) for one in versions]), hide_index=True, alt=f"{len(versions)} versions"
    )


def show_version(reader: RegistryReader, version: Version) -> None:
    """The gate's last table about it, and what its run measured."""
    rows = reader.decision(version)
    if rows is None:
        st.info(
            "**The gate was not asked about this version.** Promoting it does so.", icon=":material/gavel:"
        )
    else:
        _show_decision(version, rows)
    measures = reader.measures(version)
    with st.expander(f"Figures of its run ({len(measures)})", icon=":material/query_stats:"):
        if measures:
            table = pd.DataFrame({"Figure": list(measures), "Value": list(measures.values())})
            st.dataframe(table, hide_index=True, alt=f"{len(measures)} figures")
        else:
            st.markdown(f"None. `facesocial model evaluate {version.task} {version.number}` measures it.")


def _show_decision(version: Version, rows: Sequence[Row]) -> None:
    when = f" on {version.decided_at}" if version.decided_at else ""
    st.markdown(f"The gate's last word{when}: **{VERDICTS.get(version.decision, version.decision)}**")
    table = [
        {
            "": "ok" if row.accepted else "✗ refused",
            "Metric": row.metric,
            "Set": row.dataset,
            "Group": row.group,
            "Champion": row.champion,
            "Candidate": row.candidate,
            "Tolerance": row.tolerance,
            "Reason": row.reason,
        }
        for row in rows
    ]
    st.dataframe(pd.DataFrame(table), hide_index=True, alt=f"What the gate looked at, {len(rows)} rows")


def _row(version: Version) -> dict[str, object]:
    return {
        "Version": version.number,
        "Alias": ", ".join(version.aliases),
        "Models": version.models,
        "Gate": VERDICTS.get(version.decision, version.decision),
        "Made (UTC)": f"{version.created:%Y-%m-%d %H:%M}",
        "Digest": " ".join(digest[:12] for digest in version.digests),
    }
