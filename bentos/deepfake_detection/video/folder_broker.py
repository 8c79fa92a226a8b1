"""A broker that needs no server: kombu's folder of messages, which survives being killed at any moment."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from kombu.exceptions import ChannelError
from kombu.transport import filesystem, virtual
from kombu.utils.json import dumps

FOLDER_OWNER_ONLY = 0o700
MESSAGES, TAKEN = "messages", "taken"
UNFINISHED = ".part"


class Channel(filesystem.Channel):
    """Kombu's channel, but nobody reads half a message, and no file but the messages has to be whole.

    Kombu writes a message in place, where a worker may take it half written, and a table of exchanges that breaks
    every later start if its writer is killed. Messages here go straight to their queue by its name.
    """

    supports_fanout = False
    get_table = virtual.Channel.get_table

    def _queue_bind(self, *_: object) -> None:
        """Keep no table."""

    def _delete(self, queue: str, *_: object, **__: object) -> None:
        self._purge(queue)  # type: ignore[no-untyped-call]

    def _put(self, queue: str, payload: object, **_: object) -> None:  # type: ignore[override]
        """Put a message into a queue, whole or not at all."""
        folder = self.data_folder_out
        try:
            # Wall clock, unlike kombu's: messages stay in order over a restart of the machine. 0600 by mkstemp.
            handle, path = tempfile.mkstemp(UNFINISHED, f"{time.time_ns():020}_", folder)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(dumps(payload))  # type: ignore[no-untyped-call]
            os.replace(path, f"{path.removesuffix(UNFINISHED)}.{queue}.msg")
        except OSError as error:
            raise ChannelError(f"A message cannot be put into {folder}: {error.strerror}") from error


class Transport(filesystem.Transport):
    """Kombu's transport with the channel above."""

    Channel = Channel


def make_folders(folder: Path) -> dict[str, object]:
    """Make the folders of a broker, for their owner alone.

    Returns:
        The transport's options.

    Raises:
        OSError: They cannot be made.
    """
    messages, taken = folder / MESSAGES, folder / TAKEN
    for path in (folder, messages, taken):
        path.mkdir(mode=FOLDER_OWNER_ONLY, parents=True, exist_ok=True)
    places = {"data_folder_in": str(messages), "data_folder_out": str(messages)}
    # Without a place for what was taken, messages would go through the machine's folder of temporary files.
    return {**places, "store_processed": True, "processed_folder": str(taken), "control_folder": str(taken)}


def tidy(folder: Path, older_than_s: float) -> None:
    """Remove messages that were taken, and what a killed sender left half written."""
    before = time.time() - older_than_s
    for path in (*(folder / TAKEN).glob("*"), *(folder / MESSAGES).glob(f"*{UNFINISHED}")):
        try:
            if path.stat().st_ctime < before:
                path.unlink()
        except FileNotFoundError:
            continue
