"""The event stream of a run: objects as events show them, and ``done`` at its end."""

from __future__ import annotations

from emulator.apis.assistants import views
from emulator.base import sse
from emulator.engine.event_stream import EventStream
from emulator.world.state.state import Shape


class RunStream(EventStream):
    """The events that one request for a stream gets.

    ``azure``: it came in Azure's flavour. ``content``: search results show their text (``include[]``).
    """

    __slots__ = ("azure", "content", "shape")

    def __init__(self, shape: Shape = "wire", *, azure: bool = False, content: bool = False) -> None:
        super().__init__()
        self.shape, self.azure, self.content = shape, azure, content

    def send_object(self, thing: views.Stored, *events: str) -> None:
        """An object under each of these event names."""
        self.send(views.in_event(thing, self.shape, azure=self.azure, content=self.content), *events)
        if self.listeners:
            self.wake()

    def end(self) -> None:
        self.frames.append(sse.DONE)
        super().end()
