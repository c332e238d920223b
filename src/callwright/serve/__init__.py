"""Serve: a student behind the OpenAI API, its tool calls held to their schemas by the decoder.

Open to this machine alone unless told otherwise. Requests are not logged, and no answer names a path.
"""

import logging
import os
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from pathlib import Path

import uvicorn

from callwright.decoding import Mode, shape_of
from callwright.inference import StudentModel
from callwright.serve.app import create_app
from callwright.students import load_student

__all__ = ["create_app", "serve", "served_name"]

KEY = "CALLWRIGHT_API_KEY"
"""Environment variable with an API key, or several between commas."""

log = logging.getLogger(__name__)


def serve(
    folder: str | Path,
    host: str = "127.0.0.1",
    port: int = 8000,
    api_keys: Sequence[str] = (),
    *,
    name: str = "",
    decoding: Mode | None = None,
    batch_size: int = 16,
    warn: Callable[[str], None] = log.warning,
) -> None:
    """Serve the student of `folder` until interrupted; requests in flight are finished first.

    `api_keys`: those who may ask, besides the one in `CALLWRIGHT_API_KEY`. `name`: what clients call the
    model.
    """
    keys = [*api_keys, *filter(None, os.environ.get(KEY, "").split(","))]
    if not keys and not is_loopback(host):
        warn(
            f"{host} is open to other machines and no API key is set: anybody may ask; set --api-key or {KEY}"
        )
    student = load_student(folder)
    best: Mode = "grounded" if shape_of(student.renderer) else "free"
    if best == "free" and decoding in (None, "free"):
        warn(f"the calls of a `{student.renderer.name}` student have no grammar: they are only checked")
    model = StudentModel(student, decoding=decoding or best, batch_size=batch_size)
    app = create_app(model, name=name or served_name(folder), api_keys=keys)
    chatty = log.isEnabledFor(logging.INFO)  # asked for; requests are not logged otherwise
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_level="info" if chatty else "warning",
        access_log=chatty,
        timeout_graceful_shutdown=30,
    )


def served_name(folder: str | Path) -> str:
    """What a student is called: its folder's name, or that of the run whose `student` it is."""
    path = Path(folder).resolve()
    return path.parent.name if path.name == "student" and path.parent.name else path.name


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
