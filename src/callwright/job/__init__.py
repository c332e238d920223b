"""A job folder: what the model is to do, the tools it may call, the examples; all its faults at once.

`job_description.json`, `config.yaml`, `train` and `test` as `.jsonl` or `.csv` (also `.gz`, `.zst`), and
optionally `unstructured` and `traces.jsonl`.
"""

import hashlib
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

import msgspec

from callwright.checks import Context
from callwright.config import Config, read_config
from callwright.conversation import Json, Tool
from callwright.errors import ConfigError, Fault, JobError
from callwright.files import sha256
from callwright.formats import LISTED
from callwright.formats.reading import Reading, shown
from callwright.formats.strict_json import JsonFault, parse
from callwright.formats.tables import records
from callwright.formats.tools import read_tools
from callwright.job.examples import DESCRIPTION, Examples, Survey, of_tools, survey, verdict
from callwright.registry import near

CONFIG = "config.yaml"
TRACES = "traces.jsonl"
ENDINGS = tuple(kind + packed for kind in (".jsonl", ".csv") for packed in ("", ".gz", ".zst"))


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A job folder that holds."""

    folder: Path
    task_description: str
    tools: tuple[Tool, ...]
    judge_instructions: str = ""
    config: Config
    warnings: tuple[Fault, ...] = ()
    """What does not stop the job and should be known."""
    files: dict[str, Path]
    """`job_description`, `config`, `train`, `test`, `unstructured`, `traces` -> file, for those there are."""
    surveys: dict[str, Survey]
    """`train`, `test` -> what its rows have shown."""

    def train(self) -> Examples:
        """The training examples, streamed; empty where the folder has none."""
        return self._examples("train")

    def test(self) -> Examples:
        """The test examples, streamed; empty where the folder has none."""
        return self._examples("test")

    def _examples(self, name: str) -> Examples:
        found = self.surveys.get(name, Survey())
        return Examples(
            name=name,
            path=self.files.get(name),
            count=found.rows - len(found.bad),
            left_out=frozenset(found.bad),
            system=self.task_description,
            tools=self.tools,
        )

    def unstructured(self) -> list[str]:
        """Texts without a label that say how users speak; empty where the folder has none."""
        path = self.files.get("unstructured")
        return [record.value["context"] for record in records(path, CONTEXT)] if path else []

    def context(self) -> Context:
        """What the checks may know of this job."""
        train = self.surveys.get("train", Survey())
        question_answer = 0 < train.rows == train.question_answer
        chosen = chosen_checks(self.config)
        if self.config.checks.single_call is None:
            single = question_answer or not train.several_calls
            chosen = msgspec.structs.replace(chosen, single_call=single)
        return msgspec.structs.replace(chosen, carries_results=not question_answer)

    def hashes(self) -> dict[str, str]:
        """SHA-256 of each of its files."""
        return {name: sha256(path) for name, path in sorted(self.files.items())}

    def fingerprint(self) -> str:
        """One SHA-256 over all its files, wherever the folder lies."""
        total = "".join(f"{name}\0{digest}\n" for name, digest in self.hashes().items())
        return hashlib.sha256(total.encode()).hexdigest()


def chosen_checks(config: Config) -> Context:
    """The section `checks` of a configuration, as checks take it."""
    checks = config.checks
    return Context(
        single_call=bool(checks.single_call),
        plain_text=checks.plain_text,
        max_characters=checks.max_characters or config.synthgen.validation_max_total_length,
        max_tokens=checks.max_tokens or 0,
        json_results=checks.json_results,
        similarity=checks.similarity,
        select=checks.select,
        ignore=checks.ignore,
        severity=dict(checks.severity),
    )


def read_job(
    folder: Path | str, overrides: Sequence[str] = (), *, need: Sequence[str] = ("train", "test")
) -> Job:
    """Read a job folder. Raises `JobError` with every fault of every file.

    `overrides`: `key=value` over its configuration. `need`: which examples must be there; those that are
    there are read in any case.
    """
    folder = Path(folder)
    _check_folder(folder)
    faults: list[Fault] = []
    warnings: list[Fault] = []
    files = _files(folder, need, overrides, faults)
    of_config: list[Fault] = []
    config = _config(files.get("config"), overrides, of_config)
    context = chosen_checks(config[0]) if config else Context()
    description = _description(files.get("job_description"), context, faults)
    faults += of_config
    surveys = {}
    for name in ("train", "test"):
        if path := files.get(name):
            surveys[name] = _survey(path, description, config)
            leave_out = config is not None and config[0].base.bad_rows == "leave-out"
            errors, more = verdict(name, path, surveys[name], leave_out=leave_out)
            faults += errors
            warnings += more
    faults += _unstructured_faults(files.get("unstructured"))
    if "traces" in files:
        found = "`traces.jsonl`, which is not read: the examples are train and test"
        warnings.append(_warning(files["traces"], "files that are used", found))
    judged = config is not None and config[0].synthgen.judge
    if description and description.judge_instructions and not judged:
        found = "`llm_as_a_judge_instructions`, which nothing reads without synthgen.judge=true"
        warnings.append(_warning(files["job_description"], "fields with an effect", found))
    warnings = [*(fault for fault in faults if fault.severity == "warning"), *warnings]
    faults = [fault for fault in faults if fault.severity == "error"]
    if faults or description is None or config is None:
        raise _refusal(folder, faults, surveys)
    return Job(
        folder=folder,
        task_description=description.task_description,
        tools=description.tools,
        judge_instructions=description.judge_instructions,
        config=config[0],
        warnings=(*config[1], *warnings),
        files=files,
        surveys=surveys,
    )


def _check_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    found = "a file" if folder.exists() else "no such folder"
    hint = f"did you mean `{folder.parent}`?" if folder.exists() else ""
    if not folder.exists() and folder.parent.is_dir():
        folders = [path.name for path in folder.parent.iterdir() if path.is_dir()]
        close = near(folder.name, folders)
        hint = close if close.startswith("did") else f"looked in {folder.parent.resolve()}"
    expected = f"a folder with {DESCRIPTION}, {CONFIG}, train.jsonl and test.jsonl"
    fault = Fault(file=str(folder), expected=expected, found=found, hint=hint)
    raise JobError(f"{folder} is no job folder:", [fault])


def _refusal(folder: Path, faults: list[Fault], surveys: dict[str, Survey]) -> JobError:
    bad = sum(len(found.bad) for found in surveys.values())
    hint = f"base.bad_rows=leave-out goes on without the {bad:,} faulty row{'s'[: bad != 1]}" if bad else ""
    return JobError(f"{folder} cannot be used as a job:", faults, hint=hint)


# ── the files ──────────────────────────────────────────────────────────────────────────────────────────────


def _files(
    folder: Path, need: Sequence[str], overrides: Sequence[str], faults: list[Fault]
) -> dict[str, Path]:
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    files = {}
    for key, name in {"job_description": DESCRIPTION, "config": CONFIG, "traces": TRACES}.items():
        if name in names:
            files[key] = folder / name
    for key in ("train", "test", "unstructured"):
        found = [key + ending for ending in ENDINGS if key + ending in names]
        if len(found) > 1:
            both = " and ".join(f"`{name}`" for name in found)
            fault = Fault(file=str(folder), expected=f"one {key} file", found=both, hint="remove one of them")
            faults.append(fault)
        if found:
            files[key] = folder / found[0]
        elif key in need:
            faults.append(_missing(folder, f"{key}.jsonl", f"{key}.jsonl or {key}.csv", names))
    if "job_description" not in files:
        faults.append(_missing(folder, DESCRIPTION, DESCRIPTION, names))
    if "config" not in files and not any(override.startswith("base.task=") for override in overrides):
        faults.append(_missing(folder, CONFIG, f"{CONFIG}, with at least base.task", names))
    return files


def _missing(folder: Path, name: str, expected: str, names: list[str]) -> Fault:
    known = (
        DESCRIPTION,
        CONFIG,
        *(key + ending for key in ("train", "test", "unstructured") for ending in ENDINGS),
    )
    others = [other for other in names if other not in (*known, TRACES)]
    stems = {Path(other).stem.lower(): other for other in others}
    close = get_close_matches(Path(name).stem, list(stems), n=1, cutoff=0.75)
    hint = f"is `{stems[close[0]]}` meant? rename it" if close else ""
    return Fault(file=str(folder / name), expected=expected, found="no such file", hint=hint)


# ── what is in them ────────────────────────────────────────────────────────────────────────────────────────


class Description(msgspec.Struct, frozen=True):
    """The content of job_description.json."""

    task_description: str
    tools: tuple[Tool, ...]
    judge_instructions: str


def _description(path: Path | None, context: Context, faults: list[Fault]) -> Description | None:
    """The job description; None, with its faults, where it does not hold."""
    if path is None:
        return None
    reading = Reading()
    value = _json(path, reading)
    if isinstance(value, dict):
        task = _text(value, "task_description", "what the model is to do, in a sentence or more", reading)
        judge = value.get("llm_as_a_judge_instructions") or ""
        judge = reading.text(judge, "$.llm_as_a_judge_instructions")
        tools = _tools(value.get("tools"), context, reading)
        if value.get("tools") == []:
            reading.error("$.tools", "at least one tool", "none")
        known = ("task_description", "tools", "llm_as_a_judge_instructions", "input_description")
        reading.keys(value, known, "$")
        if value.get("input_description"):
            found = "`input_description`, which matters for question answering only"
            reading.warning("$.input_description", "a key with an effect on tool calling", found)
    elif not reading.failed:
        reading.error("$", "a JSON object", shown(value))
    faults += (msgspec.structs.replace(fault, file=str(path)) for fault in reading.faults)
    return None if reading.failed else Description(task, tools, judge)


def _tools(value: Json, context: Context, reading: Reading) -> tuple[Tool, ...]:
    """The tools, with what is wrong with them where they stand."""
    inner = Reading()
    tools = read_tools(value, "$.tools", inner)
    reading.faults += inner.faults
    for fault in of_tools(tools, context) if not inner.failed else ():
        wrapped = (
            isinstance(value, list)
            and "function" in value[int(fault.path[len("$.tools[") :].partition("]")[0])]
        )
        place = fault.path.replace("]", "].function", 1) if wrapped else fault.path
        reading.faults.append(msgspec.structs.replace(fault, path=place))
    return tools


def _json(path: Path, reading: Reading) -> object:
    try:
        return parse(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        found = f"the byte 0x{error.object[error.start]:02x}"
        reading.faults.append(Fault(line=line, expected="text in UTF-8", found=found))
    except JsonFault as fault:
        found = f"{fault} (column {fault.column})" if fault.column else str(fault)
        reading.faults.append(Fault(line=fault.line, expected="a JSON object", found=found))
    return None


def _text(value: dict[str, object], key: str, expected: str, reading: Reading) -> str:
    text = reading.text(value[key], f"$.{key}", expected) if key in value else ""
    if key not in value:
        close = near(key, list(value)) if value else ""
        hint = f"is `{close.split('`')[1]}` meant?" if close.startswith("did") else ""
        reading.error(f"$.{key}", expected, "no such key", hint)
    elif isinstance(value[key], str) and not text.strip():
        reading.error(f"$.{key}", expected, "nothing")
    return text


def _config(
    path: Path | None, overrides: Sequence[str], faults: list[Fault]
) -> tuple[Config, list[Fault]] | None:
    try:
        return read_config(path, overrides)
    except ConfigError as error:
        # Without a file and a task it is the file that is missing, and that has been said.
        faults += (fault for fault in error.faults if path or fault.found != "no task")
        return None


def _survey(path: Path, description: Description | None, config: tuple[Config, list[Fault]] | None) -> Survey:
    return survey(
        path,
        description.tools if description else None,
        config[0].base.task if config else None,
        chosen_checks(config[0]) if config else Context(),
    )


CONTEXT = (("context",),)
"""Columns of `unstructured`."""


def _unstructured_faults(path: Path | None) -> list[Fault]:
    faults: list[Fault] = []
    for record in records(path, CONTEXT) if path else ():
        if len(faults) == LISTED:
            break
        fault = record.fault
        if fault is None and not isinstance(record.value.get("context"), str):
            keys = ", ".join(f"`{key}`" for key in record.value) or "no keys"
            fault = Fault(path="$.context", expected='{"context": "a text"}', found=keys)
        if fault:
            line = fault.line or record.line
            faults.append(msgspec.structs.replace(fault, file=str(path), line=line))
    return faults


def _warning(path: Path, expected: str, found: str) -> Fault:
    return Fault(file=str(path), expected=expected, found=found, severity="warning")
