"""What can go wrong, as types.

    CallwrightError            anything this package raises on purpose; a message and one hint
    ├── InputError             something the user gave does not hold: all faults at once, each with its place
    │   ├── JobError           a job folder
    │   ├── ConfigError        a configuration
    │   └── FormatError        a file of conversations
    ├── RenderError            a student's template cannot write a conversation, or not faithfully
    ├── ModelError             a model or endpoint did not answer
    ├── MissingExtra           an optional part of the package is not installed
    ├── RunError               a run directory that cannot be used as asked
    ├── ProofError             a self-test of training or export failed
    └── WorkspaceError         the model registry was asked for something it does not have

What a *model* wrote wrong is not here: that is data, `conversation.MalformedCall`.
To add a member: one class, one sentence in the user's words, and its line in the tree above.
"""

from collections.abc import Iterable

import msgspec


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong in the input, with all that is needed to go there and put it right."""

    file: str = ""
    """Path as the user gave it; empty where there is no file."""
    line: int = 0
    """Line in the file, from 1; 0 where the whole file is meant."""
    path: str = ""
    """JSON path or dotted key inside the line or file, such as `$.messages[2].tool_calls[0]`."""
    expected: str
    found: str = ""
    hint: str = ""
    severity: str = "error"
    """`error`: nothing can go on. `warning`: it goes on, and this should be known."""

    def __str__(self) -> str:
        place = ":".join(part for part in (self.file, str(self.line or "")) if part)
        head = " ".join(part for part in (place + ":" if place else "", self.path) if part)
        said = f"expected {self.expected}" + (f", found {self.found}" if self.found else "")
        text = f"{head}{': ' if self.path else ' ' if head else ''}{said}"
        return f"{text}\n  hint: {self.hint}" if self.hint else text


class CallwrightError(Exception):
    """Base of all errors raised on purpose; `hint` says what to do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class InputError(CallwrightError):
    """What the user gave does not hold; `faults` has every one of them."""

    def __init__(self, message: str, faults: Iterable[Fault] = (), *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.faults = tuple(faults)

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *map(str, self.faults)])


class JobError(InputError):
    """A job folder cannot be used."""


class ConfigError(InputError):
    """A configuration cannot be used."""


class FormatError(InputError):
    """A file of conversations cannot be read, or a conversation cannot be written in the form asked for."""


class RenderError(CallwrightError):
    """A student's template cannot write this conversation, or not so that training equals serving."""


class ModelError(CallwrightError):
    """A model or endpoint did not give a reply."""


class MissingExtra(CallwrightError):
    """An optional part of the package is needed and not installed."""

    def __init__(self, module: str, extra: str) -> None:
        super().__init__(
            f"this needs `{module}`, which is not installed", hint=f"pip install 'callwright[{extra}]'"
        )


class RunError(CallwrightError):
    """A run directory cannot be used as asked."""


class ProofError(CallwrightError):
    """A self-test of training or export failed; going on would give a model that is silently wrong."""


class WorkspaceError(CallwrightError):
    """The model registry has no such thing, or it is not in the state that is needed."""
