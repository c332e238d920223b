"""Predictions: a model's answer to every item, on disk batch by batch, so that a kill costs one at most."""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from callwright.chat import ChatModel, Finish, Reply, Sampling, Usage, replies
from callwright.checks.duplicates import digest
from callwright.conversation import AssistantMessage, Conversation, Json
from callwright.errors import ModelError, RunError
from callwright.evaluate.expansion import Item
from callwright.evaluate.rows import row
from callwright.files import atomic, synced
from callwright.metrics import CALL_METRICS, Score


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """What a model answered to one item."""

    item: str
    message: AssistantMessage
    finish: Finish = "stop"
    error: str = ""
    """Why there is no answer; such an item is not scored, and counted."""
    raw: str = ""
    usage: Usage = Usage()


def predict(
    model: ChatModel,
    items: Sequence[Item],
    path: Path,
    sampling: Sampling,
    *,
    batch_size: int = 16,
    identity: str = "",
    progress: Callable[[int, int | None, str], None] | None = None,
) -> list[Prediction]:
    """One prediction an item, in their order; written to `path` in the download shape (see `rows`).

    A batch is on disk before the next begins. Called again, it goes on at the first batch that is not whole,
    so the batches, and with them the results, are those of an undisturbed run. `identity` tells apart models
    of the same name, such as the hash of a student folder. Raises `RunError` if `path` holds predictions of
    other items or of another model, and `ModelError` if a model fails on a whole batch (what it answered
    before stays).
    """
    _claim(path, _manifest(model, items, sampling, batch_size, identity))
    done = _resumed(path, items, batch_size)
    if progress:
        progress(len(done), len(items), model.name)
    with path.open("ab") as file:
        synced(path.parent)
        for start in range(len(done), len(items), batch_size):
            batch = items[start : start + batch_size]
            answers = replies(model, [item.prompt for item in batch], sampling)
            if all(answer.finish == "error" for answer in answers):
                raise ModelError(
                    f"{model.name} gave no answer to {len(batch)} of {len(batch)} items: {answers[0].error}",
                    hint="once it answers, the same command goes on from here",
                )
            new = [_prediction(item, answer) for item, answer in zip(batch, answers, strict=True)]
            pairs = zip(batch, new, strict=True)
            file.write(b"".join(_line(item, prediction) for item, prediction in pairs))
            file.flush()
            os.fsync(file.fileno())
            done += new
            if progress:
                progress(len(done), len(items), model.name)
    return done


def read_predictions(path: Path, items: Sequence[Item]) -> list[Prediction]:
    """The predictions that `predict` has written for all of `items`. Raises `RunError` where some are missing."""
    with path.open("rb") as file:
        found = [_parsed(line) for line in file]
    whole = [prediction for prediction in found if prediction is not None]
    if [prediction.item for prediction in whole] != [item.id for item in items]:
        raise RunError(
            f"`{path}` does not hold the predictions of these {len(items)} items",
            hint="delete it, and evaluate again",
        )
    return whole


def scores(item: Item, prediction: Prediction) -> dict[str, Score]:
    """Every call metric of a prediction; None where there is no answer to score."""
    if prediction.finish == "error":
        return dict.fromkeys(CALL_METRICS, Score(None, f"no answer: {prediction.error}"))
    return {
        name: metric(item.expected, prediction.message, item.prompt.tools)
        for name, metric in CALL_METRICS.items()
    }


def _prediction(item: Item, reply: Reply) -> Prediction:
    return Prediction(
        item=item.id,
        message=reply.message,
        finish=reply.finish,
        error=reply.error,
        raw=reply.raw,
        usage=reply.usage,
    )


def _line(item: Item, prediction: Prediction) -> bytes:
    """ASCII only: a model may write U+2028, to some readers a line's end, or half a surrogate pair."""
    shown = row(item, prediction.message, scores(item, prediction))
    return json.dumps({**shown, "reply": msgspec.to_builtins(prediction)}).encode() + b"\n"


def _resumed(path: Path, items: Sequence[Item], batch_size: int) -> list[Prediction]:
    """The whole batches at `path`; what is after them, a torn line included, is cut off the file."""
    if not path.exists():
        return []
    found: list[Prediction] = []
    ends = [0]
    with path.open("rb") as file:
        for line, item in zip(file, items, strict=False):
            prediction = _parsed(line)
            if prediction is None or prediction.item != item.id:
                break
            found.append(prediction)
            ends.append(ends[-1] + len(line))
    whole = len(found) if len(found) == len(items) else len(found) // batch_size * batch_size
    with path.open("rb+") as file:
        file.truncate(ends[whole])
        os.fsync(file.fileno())
    return found[:whole]


def _parsed(line: bytes) -> Prediction | None:
    if not line.endswith(b"\n"):
        return None
    try:
        # The standard library, unlike faster readers, takes back half a surrogate pair.
        return msgspec.convert(json.loads(line)["reply"], Prediction)
    except (ValueError, KeyError, TypeError):
        return None


def _manifest(
    model: ChatModel, items: Sequence[Item], sampling: Sampling, batch_size: int, identity: str
) -> dict[str, Json]:
    total = hashlib.blake2b(digest_size=16)
    for item in items:
        total.update(item.id.encode("utf-8", "surrogatepass") + digest(item.prompt))
        total.update(digest(Conversation(messages=(item.expected,))))
    tools = {id(item.prompt.tools): item.prompt.tools for item in items}
    for declared in tools.values():
        total.update(json.dumps(msgspec.to_builtins(declared), sort_keys=True).encode())
    return {
        "model": model.name,
        "identity": identity,
        "items": total.hexdigest(),
        "count": len(items),
        "sampling": msgspec.to_builtins(sampling),
        "batch_size": batch_size,
        "metrics": list(CALL_METRICS),
    }


def _claim(path: Path, manifest: dict[str, Json]) -> None:
    """The manifest beside `path` says whose predictions they are; others are refused."""
    place = path.with_suffix(".manifest.json")
    # Through JSON and back: what is compared is what a file can say.
    manifest = json.loads(json.dumps(manifest))
    try:
        found = json.loads(place.read_bytes())
    except FileNotFoundError:
        found = None if not path.exists() else {}
    except ValueError:
        found = {}
    if found is None:
        with atomic(place) as file:
            file.write(json.dumps(manifest, indent=2).encode() + b"\n")
    elif found != manifest:
        known = found if isinstance(found, dict) else {}
        differing = [key for key in manifest if known.get(key) != manifest[key]]
        raise RunError(
            f"{path} holds predictions of another evaluation; different: {', '.join(differing)}",
            hint=f"evaluate into another directory, or remove {path} and {place}",
        )
