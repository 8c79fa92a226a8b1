"""Was a face of this video forged, and when."""

from __future__ import annotations

from typing import Any

import streamlit as st

from bentos.contracts import JobInfo, JobStatus, VideoOptions, VideoResult
from workbench.calls import DEEPFAKE
from workbench.client import FaceSocialClient
from workbench.components.ask import ask
from workbench.components.bench import Bench
from workbench.components.envelope import show_json
from workbench.components.jobs import choose_earlier, drop, follow, show_end
from workbench.components.misses import show_misses
from workbench.components.timeline import (
    PICK,
    bars_of,
    clock,
    moments_of,
    score_chart,
    scores_of,
    track_chart,
    tracks_of,
)
from workbench.components.verdicts import percent
from workbench.views.deepfake import HINT

JOB, JUMP, OWN = "job", "jump to", "videos of jobs"
FORMATS = "MP4, MOV, AVI, WebM or MKV, up to 500 MB, judged by content"


def render(bench: Bench) -> None:
    """Draw the page; the link carries the job, so that it can be looked at again."""
    st.title("Deepfake video", anchor=False)
    _submission(bench.client)
    card = show_misses(bench.client, DEEPFAKE, warn=HINT)
    job_id = st.query_params.get(JOB)
    if job_id is None:
        st.info("Upload a video, or choose an earlier job.", icon=":material/movie:")
        return
    job = follow(bench.client, job_id)
    if job is None:
        return
    if job.status is JobStatus.SUCCEEDED and job.result is not None:
        _show(job, job.result, card.thresholds.get("fake") if card else None)
    else:
        show_end(job)
    if st.button("Delete this job", icon=":material/delete:"):
        drop(bench.client, job_id)
        st.query_params.pop(JOB, None)
        st.rerun()


def _submission(client: FaceSocialClient) -> None:
    upload = st.file_uploader("A video of your own", key="video upload", help=FORMATS)
    left, middle, right = st.columns([2, 2, 1], vertical_alignment="bottom")
    fps = left.slider("Frames a second that are looked at", 0.5, 5.0, 2.0, 0.5, key="sample_fps")
    thumbnails = middle.toggle(
        "Keep small pictures of the most suspicious faces", key="keep_thumbnails", value=False
    )
    if right.button("Analyse", type="primary", disabled=upload is None) and upload is not None:
        options = VideoOptions(sample_fps=fps, keep_thumbnails=thumbnails)
        answer = ask(lambda: client.submit_video(upload, options), doing="Sending the video", key="submit")
        if answer is not None:
            job_id = answer.value.data.job_id
            # The newest alone: a session does not pile up videos.
            st.session_state[OWN] = {job_id: upload.getvalue()}
            _open(job_id)
    earlier = choose_earlier(client)
    if earlier is not None and earlier != st.session_state.get("opened earlier"):
        st.session_state["opened earlier"] = earlier
        _open(earlier)


def _open(job_id: str) -> None:
    st.query_params[JOB] = job_id
    st.session_state[JUMP] = 0.0
    st.rerun()


def _show(job: JobInfo, result: VideoResult, threshold: float | None) -> None:
    at = float(st.session_state.get(JUMP, 0.0))
    said = "suspicious" if result.fake else "nothing found"
    for column, (label, value, note) in zip(
        st.columns(4),
        (
            ("Most suspicious face", percent(result.score), said),
            ("Length", clock(result.duration_s), None),
            ("Frames looked at", str(result.frames_analyzed), None),
            ("Faces followed", str(len(result.tracks)), None),
        ),
        strict=True,
    ):
        column.metric(label, value, note, delta_color="off", delta_arrow="off")
    video = st.session_state.get(OWN, {}).get(job.job_id)
    if video is None:
        st.caption("The video itself is not kept; upload it again to see it beside its timeline.")
    else:
        st.video(video, start_time=at, autoplay=at > 0)
    picked = st.vega_lite_chart(
        scores_of(result),
        score_chart(result, threshold, at),
        on_select="rerun",
        key=f"scores of {job.job_id}",
    )
    _jump_to_pick(picked, at)
    st.vega_lite_chart(bars_of(result), track_chart(result, at), key=f"tracks of {job.job_id}")
    _moments(result)
    _tracks(result)
    show_json(job)


def _jump_to_pick(picked: Any, at: float) -> None:
    points = picked.get("selection", {}).get(PICK, []) if picked else []
    if points and float(points[0]["time"]) != at:
        _jump(float(points[0]["time"]))


def _jump(seconds: float) -> None:
    st.session_state[JUMP] = seconds
    st.rerun()


def _moments(result: VideoResult) -> None:
    if not result.moments:
        return
    st.subheader("Worst moments", anchor=False)
    ranked = moments_of(result)
    for column, (moment, label) in zip(st.columns(len(ranked)), ranked, strict=True):
        with column:
            if moment.thumbnail is not None:
                st.image(f"data:image/jpeg;base64,{moment.thumbnail}", width=96)
            if st.button(label, key=f"moment {moment.time_s}", icon=":material/play_arrow:"):
                _jump(moment.time_s)


def _tracks(result: VideoResult) -> None:
    st.subheader("Faces", anchor=False)
    table = tracks_of(result)
    st.dataframe(
        table,
        hide_index=True,
        column_config={
            "From": st.column_config.NumberColumn(format="%.1f s"),
            "To": st.column_config.NumberColumn(format="%.1f s"),
            "Score": st.column_config.ProgressColumn(min_value=0, max_value=1, format="percent"),
        },
        alt=f"{len(table)} faces that were followed",
    )
