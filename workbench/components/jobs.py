"""A job while it lasts: its progress, live, and a way to stop it."""

from __future__ import annotations

import streamlit as st

from bentos.contracts import JobInfo, JobListOptions, JobStatus
from workbench.client import ClientError, FaceSocialClient
from workbench.components.problems import show_error

POLL_S = 1.0
LATEST = 10
ICONS = {
    JobStatus.QUEUED: ":material/hourglass_empty:",
    JobStatus.RUNNING: ":material/progress_activity:",
    JobStatus.SUCCEEDED: ":material/check_circle:",
    JobStatus.FAILED: ":material/error:",
    JobStatus.CANCELLED: ":material/cancel:",
}


def follow(client: FaceSocialClient, job_id: str) -> JobInfo | None:
    """The job once it is over; until then its progress is shown and None returned.

    The part below is drawn again by itself every second; the page as a whole when the job has ended.
    """
    try:
        job = client.job(job_id).data
    except ClientError as error:
        show_error(error, "job")
        return None
    if job.status.over:
        return job
    _progress(client, job_id)
    return None


@st.fragment(run_every=POLL_S)
def _progress(client: FaceSocialClient, job_id: str) -> None:
    try:
        job = client.job(job_id).data
    except ClientError as error:
        show_error(error, "progress")
        return
    if job.status.over:
        st.rerun()
    said = "waits for its turn" if job.status is JobStatus.QUEUED else f"is looked at, {job.progress:.0%}"
    st.progress(job.progress, text=f"The video {said}")
    if st.button("Cancel", icon=":material/stop_circle:", key="cancel job"):
        drop(client, job_id)
        st.rerun()


def drop(client: FaceSocialClient, job_id: str) -> None:
    """Cancel or delete a job; a refusal is said."""
    try:
        client.delete_job(job_id)
    except ClientError as error:
        show_error(error, "drop")


def choose_earlier(client: FaceSocialClient) -> str | None:
    """The latest jobs of the tenant to choose from; silence where they cannot be asked for."""
    try:
        found = client.jobs(JobListOptions(limit=LATEST)).data.jobs
    except ClientError:
        return None
    labels = {job.job_id: f"{ICONS[job.status]} {job.created_at:%d %b %H:%M:%S}" for job in found}
    if not labels:
        return None
    return st.pills("Earlier jobs", list(labels), format_func=labels.__getitem__, key="earlier job")


def show_end(job: JobInfo) -> None:
    """Why a job has no result."""
    if job.status is JobStatus.CANCELLED:
        st.info("This job was cancelled.", icon=":material/cancel:")
    elif job.error is not None:
        tries = f" It was begun {job.attempts} times." if job.attempts > 1 else ""
        st.error(f"**{job.error.code}**\n\n{job.error.message}{tries}", icon=":material/error:")
