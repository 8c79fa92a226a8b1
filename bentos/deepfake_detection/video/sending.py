"""Telling workers that there is a job."""

from __future__ import annotations

import logging

from celery import Celery
from kombu.exceptions import ChannelError, KombuError

from bentos.common.errors import DependencyUnavailable
from bentos.common.settings import Settings
from bentos.deepfake_detection.settings import VideoSettings
from bentos.deepfake_detection.video.celery_app import ANALYSE, QUEUE, make_app

logger = logging.getLogger(__name__)

ANSWER_S = 2.0
QUICKLY = {
    "max_retries": 1,
    "interval_start": 0.1,
    "connect_retries_timeout": ANSWER_S,
    "socket_timeout": ANSWER_S,
    "socket_connect_timeout": ANSWER_S,
}


class Sender:
    """Sends messages, and waits only seconds for a broker that does not answer; safe from any number of threads."""

    def __init__(self, settings: Settings, video: VideoSettings) -> None:
        self._app: Celery = make_app(settings, video)
        options = self._app.conf.broker_transport_options
        self._app.conf.broker_transport_options = {**options, **QUICKLY}
        self._app.conf.task_publish_retry = False

    def send(self, job_id: str) -> bool:
        """Tell the workers of a job; False where the broker did not take it, which the reaper makes good."""
        try:
            self._app.send_task(ANALYSE, args=[job_id])
        except (KombuError, OSError, ConnectionError) as error:
            logger.warning(
                "job %s waits for the reaper: the broker does not answer (%s)", job_id, _kind(error)
            )
            return False
        return True

    def waiting(self) -> int:
        """How many messages no worker has taken yet.

        Raises:
            DependencyUnavailable: The broker does not answer.
        """
        try:
            with self._app.connection_for_write() as connection:
                declared = connection.default_channel.queue_declare(QUEUE, passive=True)
                return int(declared.message_count)
        except ChannelError:  # there was no message yet
            return 0
        except (KombuError, OSError) as error:
            raise DependencyUnavailable(
                f"The broker of video jobs does not answer ({_kind(error)}).", {"dependency": "broker"}
            ) from error

    def close(self) -> None:
        """Let go of all connections."""
        self._app.close()


def _kind(error: BaseException) -> str:
    """Not the message: it may hold the broker's address, with its password."""
    return type(error.__cause__ or error).__name__
