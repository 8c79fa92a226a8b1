"""How the services are: what is wrong first, then their figures, then what was done to them."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from workbench.components.bench import Bench
from workbench.components.events import show_events
from workbench.components.health import title_of
from workbench.components.kept_counts import show_gauges
from workbench.components.looking import NAMES, Look, look_at_all, metrics_trouble, wrong_with
from workbench.components.vitals import SHOWN, history, history_chart, overview, show_closely
from workbench.metrics.looks import WINDOWS
from workbench.metrics.scrape import Increase

EVERY_S = 5
FIRST = "Rates come with the second look, in a few seconds."
MEANT = (
    "Failed: statuses from 500, of the requests that were not refused with 4xx. p50 and p95 are read off histograms, "
    "as Prometheus does. Behind an address of several replicas each look is at another one of them: use Grafana there."
)


def render(bench: Bench) -> None:
    """Draw the page."""
    st.title("Operations", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        automatic = st.toggle(
            f"Look every {EVERY_S} seconds", value=True, key="automatic", bind="query-params"
        )
        st.button("Look now", icon=":material/refresh:", key="look now")
    window = st.segmented_control(
        "Figures of the", list(WINDOWS), default="Last minute", required=True, key="window", bind="query-params"
    )  # fmt: skip
    st.fragment(_live, run_every=EVERY_S if automatic else None)(bench, window)
    show_events(bench.environment, bench.client)


def _live(bench: Bench, window: str) -> None:
    looks = look_at_all(bench.environment, bench.client)
    over = {name: WINDOWS[window](look.looks) for name, look in looks.items()}
    _show_wrong(looks)
    st.dataframe(overview(looks, over), hide_index=True, alt="The five services")
    if any(look.fresh is not None for look in looks.values()):
        if not any(look.looks.points for look in looks.values()):
            st.info(FIRST, icon=":material/hourglass_top:")
        st.caption(MEANT)
        _show_history(looks)
    else:
        _show_no_metrics(looks)
    _show_one(looks, over)


def _show_wrong(looks: Mapping[str, Look]) -> None:
    found = [(name, finding) for name, look in looks.items() for finding in wrong_with(look)]
    if not found:
        st.success("Nothing is wrong that can be seen from here.", icon=":material/check_circle:")
    for urgent, box, icon in (
        (True, st.error, ":material/error:"),
        (False, st.warning, ":material/warning:"),
    ):
        lines = [
            f"**{title_of(name)}**: {finding.said} {finding.remedy}"
            for name, finding in found
            if finding.urgent is urgent
        ]
        if lines:
            box("\n\n".join(lines), icon=icon)


def _show_history(looks: Mapping[str, Look]) -> None:
    shown = st.segmented_control(
        "Over time", list(SHOWN), default="Requests a second", required=True, key="shown", bind="query-params"
    )  # fmt: skip
    table = history(looks, shown)
    if table.empty:
        st.caption("Nothing to draw yet: nobody asked while this page was open.")
        return
    st.vega_lite_chart(table, history_chart(list(looks), shown), key="history")


def _show_no_metrics(looks: Mapping[str, Look]) -> None:
    said = dict.fromkeys(metrics_trouble(look.trouble) for look in looks.values() if look.trouble is not None)
    st.info("**No metrics.** " + "\n\n".join(said), icon=":material/query_stats:")


def _show_one(looks: Mapping[str, Look], over: Mapping[str, Increase | None]) -> None:
    st.subheader("One service closely", anchor=False)
    name = st.selectbox("Service", NAMES, format_func=title_of, key="service", bind="query-params")
    look, increase = looks[name], over[name]
    if look.trouble is not None:
        st.info(f"**No metrics.** {metrics_trouble(look.trouble)}", icon=":material/query_stats:")
        return
    if look.looks.began_again:
        st.caption("It restarted within the last minute, or another replica answered: it counts anew.")
    if look.fresh is not None:
        show_gauges(look.fresh.gauges)
    if increase is not None:
        show_closely(increase)
