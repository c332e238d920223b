"""The file of the rows that were turned away, each with its reasons."""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from callwright import formats
from callwright.checks import Finding
from callwright.conversation import Conversation
from callwright.files import atomic


class Rejected:
    """Rows with their findings; the file appears whole when the block ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.reasons: dict[str, int] = {}
        """Code of a row's first finding -> rows."""
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._file = self._stack.enter_context(atomic(self.path))
        return self

    def add(self, conversation: Conversation, found: list[Finding]) -> None:
        """One row, with everything that is wrong with it."""
        self.reasons[found[0].code] = self.reasons.get(found[0].code, 0) + 1
        row = formats.FORMATS["openai"].write(conversation)
        row["findings"] = [{"code": f.code, "path": f.path, "message": f.message} for f in found]
        self._file.write(msgspec.json.encode(row) + b"\n")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)
