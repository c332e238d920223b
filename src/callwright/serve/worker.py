"""The one thread that runs the model: requests wait in a bounded queue and are written together.

A row joins the others as soon as there is a place for it and leaves when it is done or nobody listens any
more.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager

import msgspec

from callwright.inference import Row, StudentModel

log = logging.getLogger(__name__)


class Busy(Exception):
    """Every place is taken."""


class Piece(msgspec.Struct, frozen=True):
    """Something new of a row."""

    row: Row
    text: str
    done: bool


class _Order(msgspec.Struct, eq=False):
    row: Row
    deliver: Callable[[Piece], None]
    cancelled: bool = False


class Worker:
    """`most`: requests in the house, waiting and written, before `Busy`."""

    def __init__(self, model: StudentModel, *, most: int = 64) -> None:
        self._model, self._most = model, most
        self._inside = 0
        self._waiting: deque[_Order] = deque()
        self._active: dict[int, _Order] = {}
        self._wake = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="callwright-model", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish what has been taken in, then end."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join()

    @contextmanager
    def place(self) -> Iterator[None]:
        """A request's place in the house. Raises `Busy`."""
        if self._inside >= self._most or self._closing:
            raise Busy
        self._inside += 1  # only the event loop comes here
        try:
            yield
        finally:
            self._inside -= 1

    async def write(self, rows: list[Row]) -> AsyncGenerator[Piece]:
        """Pieces of all `rows` as they come; whoever stops listening frees their places."""
        heard: asyncio.Queue[Piece] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def deliver(piece: Piece) -> None:
            loop.call_soon_threadsafe(heard.put_nowait, piece)

        orders = [_Order(row, deliver) for row in rows]
        with self._wake:
            self._waiting.extend(orders)
            self._wake.notify()
        left = len(rows)
        try:
            while left:
                piece = await heard.get()
                left -= piece.done
                yield piece
        finally:
            for order in orders:
                order.cancelled = True

    # --- in the thread ------------------------------------------------------------------------------------

    def _run(self) -> None:
        writing = self._model.writing()
        while True:
            with self._wake:
                while not self._waiting and not writing.rows and not self._closing:
                    self._wake.wait()
                if self._closing and not self._waiting and not writing.rows:
                    return
                taken = self._take(self._model.batch_size - len(writing.rows))
            try:
                self._active |= {id(order.row): order for order in taken}
                for order in taken:
                    writing.admit(order.row)
                    self._tell(order)
                writing.leave([row for row in writing.rows if self._active[id(row)].cancelled])
                if writing.rows:
                    going = list(writing.rows)
                    writing.step()
                    for row in going:
                        self._tell(self._active[id(row)])
            except Exception as error:
                # A thread that dies would leave every request waiting for ever.
                log.exception("the model failed")
                self._fail(error)
                writing = self._model.writing()
            self._active = {id(row): self._active[id(row)] for row in writing.rows}

    def _take(self, room: int) -> list[_Order]:
        taken: list[_Order] = []
        while self._waiting and len(taken) < room:
            order = self._waiting.popleft()
            if not order.cancelled:
                taken.append(order)
        return taken

    def _tell(self, order: _Order) -> None:
        text, done = order.row.heard(), order.row.finish is not None
        if (text or done) and not order.cancelled:
            self._deliver(order, Piece(order.row, text, done))

    def _fail(self, error: Exception) -> None:
        for order in self._active.values():
            if order.row.finish is None:
                order.row.finish, order.row.error = "error", f"the model failed: {type(error).__name__}"
                self._deliver(order, Piece(order.row, "", True))
        self._active = {}

    def _deliver(self, order: _Order, piece: Piece) -> None:
        try:
            order.deliver(piece)
        except RuntimeError:  # the listener's event loop has ended
            order.cancelled = True
