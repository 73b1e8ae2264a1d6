"""One reader's page: what it asks, done in order, and what it gets back."""

import asyncio
import json
import struct
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from crosscontrast.app.reading import render
from crosscontrast.app.reading import requests as ask
from crosscontrast.errors import CrossContrastError
from crosscontrast.reading.sitting import Sitting, State, date_text

#: A reply: a JSON message, or a picture (see :func:`picture_message`).
Reply = dict[str, Any] | bytes


class MessageError(CrossContrastError):
    """A message that no page of ours sends."""

    kind = "message"


class Connection:
    """The state of a connected page; its answers are in the store before the next reading is drawn."""

    def __init__(self, sitting: Sitting, pool: render.RenderPool, images: Path) -> None:
        self._sitting = sitting
        self._pool = pool
        self._images = images
        self._reader = sitting.program.reader
        self._sizes: dict[ask.View, tuple[int, int]] = {}
        self._shown: str | None = None

    async def take(self, text: str) -> list[Reply]:
        """Do what a message asks and return the replies.

        Raises :class:`MessageError` for nonsense and what :meth:`Sitting.answer` raises; nothing is changed then.
        """
        try:
            request = ask.parse_request(text)
        except ValidationError as error:
            raise MessageError("This message was not understood.") from error
        if isinstance(request, ask.AnswerRequest):
            await asyncio.to_thread(self._sitting.answer, request.reading, request.values, request.nonce)
            return [{"type": "saved", "reading": str(request.reading)[:16]}, *await self._begin()]
        if isinstance(request, ask.Simple):
            return await self._simple(request.do)
        if isinstance(request, ask.Begin):
            self._sizes |= request.sizes
            return await self._begin()
        if isinstance(request, ask.Resize):
            self._sizes |= request.sizes
        if self._shown is None:
            raise MessageError("Nothing is shown.")
        return self._drawn(await self._see(request))

    async def leave(self) -> None:
        """Stop the clock of a page that is gone."""
        if self._shown is not None:
            await asyncio.to_thread(self._sitting.pause)
        await self._pool.leave(self._reader)

    async def _simple(self, do: str) -> list[Reply]:
        action = {"alive": self._sitting.alive, "pause": self._sitting.pause, "resume": self._sitting.resume}[do]
        await asyncio.to_thread(action)
        return [{"type": do}]

    async def _begin(self) -> list[Reply]:
        state = await asyncio.to_thread(self._sitting.show)
        told = state_message(self._sitting, state)
        if state.reading is None:
            self._shown = None
            return [told]
        self._shown = state.reading.image
        return [told, *self._drawn(await self._show({}))]

    async def _show(self, marks: dict[str, render.Place]) -> render.Drawn:
        assert self._shown is not None
        path = self._images / self._shown
        for _ in range(2):
            try:
                drawn: render.Drawn = await self._pool.call(self._reader, render.show, path, self._sizes, marks)
                return drawn
            except BrokenProcessPool:
                continue
        raise CrossContrastError("The image cannot be drawn.", "tell the organiser")

    async def _see(self, request: ask.Seeing) -> render.Drawn:
        try:
            drawn: render.Drawn = await self._pool.call(self._reader, render.see, request)
            return drawn
        except (BrokenProcessPool, KeyError):  # the drawing process died and began anew
            return await self._show({})

    @staticmethod
    def _drawn(drawn: render.Drawn) -> list[Reply]:
        width, level = drawn.window
        places = {name: [round(part, 3) for part in place] for name, place in drawn.marks.items()}
        done = {"type": "drawn", "marks": places, "window": [round(width), round(level)]}
        return [*(picture_message(frame) for frame in drawn.frames), done]


def picture_message(frame: render.Frame) -> bytes:
    """Return a view for the page: the length of a JSON header as 4 bytes, the header, and the PNG."""
    told = {"view": frame.view, "slice": frame.slice_number, "edges": frame.edges, "marks": frame.marks}
    header = json.dumps(told).encode()
    return struct.pack(">I", len(header)) + header + frame.png


def state_message(sitting: Sitting, state: State) -> dict[str, Any]:
    """Return what the page shows beside the views; nothing in it depends on the arm of the image."""
    program = sitting.program
    return {
        "type": "state",
        "phase": state.phase,
        "title": program.title,
        "instructions": program.instructions,
        "reader": program.reader,
        "session": state.session,
        "sessions": state.sessions,
        "done": state.done,
        "total": state.total,
        "notBefore": date_text(state.not_before) if state.not_before else None,
        "reading": state.reading.id if state.reading else None,
        "training": bool(state.reading and state.reading.training),
        "questions": [question.model_dump(mode="json", exclude={"truth"}) for question in program.questions],
    }
