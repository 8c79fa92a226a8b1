"""From the network to the disk: a body of any size in a few megabytes of memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from bentos.common.requests import Options
from bentos.deepfake_detection.video.form import FileForm
from bentos.deepfake_detection.video.uploads import PartFile

FIELD = "video"
BATCH_BYTES = 1_000_000
"""So much is gathered before a thread parses, hashes and writes it: the event loop does none of that."""


async def receive(
    body: AsyncIterator[bytes], content_type: str, part: PartFile, schema: type[Options]
) -> Options:
    """Write the file of a form to ``part``; on any failure the caller removes it.

    Args:
        body: The request's body; the next piece is asked for when the last one is on the disk.
        content_type: The request's header.
        part: Where the file in the field ``video`` goes.
        schema: Of the options that may stand before or behind it.

    Returns:
        The options.

    Raises:
        UnsupportedMediaType: It is no form.
        InvalidRequest: The form is malformed, or holds what does not belong into it.
        PayloadTooLarge: The file is larger than allowed.
        Overloaded: The disk is full.
        DependencyUnavailable: The file cannot be written.
        ClientDisconnect: Whoever sends it has gone.
    """
    form = FileForm(content_type, FIELD, schema, part.write)
    gathered = bytearray()
    async for piece in body:
        gathered += piece
        if len(gathered) >= BATCH_BYTES:
            await asyncio.to_thread(form.feed, bytes(gathered))
            gathered.clear()
    await asyncio.to_thread(form.feed, bytes(gathered))
    return form.end()
