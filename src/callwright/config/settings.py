"""Settings as text: a YAML file, `${oc.env:NAME}` in it, `key=value` over it; a tree, every key's line."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import yaml
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from callwright.conversation import Json
from callwright.errors import Fault

MOST_NODES = 20_000
"""Values in a file of settings; more are an alias bomb or another kind of file."""


class Settings(msgspec.Struct):
    """What was set, and where."""

    tree: dict[str, Json] = {}
    lines: dict[str, int] = {}
    """Dotted key -> its line in the file; 0: set by an override."""
    faults: list[Fault] = []


def read_settings(path: Path | None, overrides: Sequence[str] = ()) -> Settings:
    """The file (None: nothing), the overrides over it, all `${…}` resolved; the faults are in the result."""
    settings = Settings()
    if path:
        _read(path, settings)
    for override in overrides:
        _override(override, settings)
    settings.tree = _resolved(settings)
    file = str(path or "")
    settings.faults = [placed(fault, file, settings.lines) for fault in settings.faults]
    return settings


def placed(fault: Fault, file: str, lines: Mapping[str, int]) -> Fault:
    """The fault with its file, and the line of its key or of the nearest key around it."""
    path = fault.path
    while path and path not in lines:
        path = path.rpartition(".")[0]
    line = fault.line or lines.get(path, 0)
    # Line 0 of a known key: it comes from an override, which is in no file.
    return msgspec.structs.replace(fault, file="" if path and not line else file, line=line)


def leaves(tree: Mapping[str, Json], around: str = "") -> Iterator[str]:
    """Dotted names of everything in `tree` that is no object."""
    for key, value in tree.items():
        name = f"{around}.{key}" if around else key
        if isinstance(value, dict):
            yield from leaves(value, name)
        else:
            yield name


def _read(path: Path, settings: Settings) -> None:
    try:
        node = yaml.compose(path.read_bytes().decode("utf-8-sig"), Loader=yaml.SafeLoader)
        if node is not None:
            _walk(node, "", settings, [0])
        loader = yaml.SafeLoader("")
        tree = loader.construct_document(node) if node is not None else {}
    except UnicodeDecodeError as error:
        found = f"the byte 0x{error.object[error.start]:02x}"
        line = error.object[: error.start].count(b"\n") + 1
        settings.faults.append(Fault(line=line, expected="text in UTF-8", found=found))
        return
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        hint = "indent with spaces" if "'\\t'" in str(error.problem) else ""
        said = (error.problem or str(error)).removeprefix("found ")
        settings.faults.append(Fault(line=line, expected="YAML", found=said, hint=hint))
        return
    except RecursionError:
        found = "values nested too deep, or an alias inside itself"
        settings.faults.append(Fault(expected="YAML", found=found))
        return
    except (yaml.YAMLError, ValueError) as error:
        settings.faults.append(Fault(expected="YAML", found=str(error).split("\n", maxsplit=1)[0]))
        return
    if isinstance(tree, dict):
        settings.tree = tree
    else:
        settings.faults.append(Fault(line=1, expected="`key: value` lines", found=f"`{str(tree)[:60]}`"))


def _walk(node: yaml.Node, around: str, settings: Settings, seen: list[int]) -> None:
    """Note the line of every key; refuse what `safe_load` would let pass: a key twice, an alias bomb."""
    seen[0] += 1
    if seen[0] > MOST_NODES:
        raise ValueError(f"more than {MOST_NODES:,} values")
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _walk(item, f"{around}[{index}]", settings, seen)
    elif isinstance(node, yaml.MappingNode):
        names = set()
        for key, value in node.value:
            name = f"{around}.{key.value}" if around else str(key.value)
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                settings.faults.append(Fault(path=around, line=line, expected="keys that are text"))
            elif name in names:
                settings.faults.append(
                    Fault(path=name, line=line, expected="each key once", found="it twice")
                )
            names.add(name)
            settings.lines[name] = line
            _walk(value, name, settings, seen)


def _override(override: str, settings: Settings) -> None:
    key, equals, text = override.partition("=")
    if not equals or not re.fullmatch(r"\w[\w-]*(\.\w[\w-]*)*", key):
        hint = "such as synthgen.generation_target=500"
        settings.lines[key or override] = 0
        settings.faults.append(
            Fault(path=key or override, expected="key=value", found=f"`{override}`", hint=hint)
        )
        return
    try:
        value = yaml.safe_load(text) if text else None
    except (yaml.YAMLError, ValueError, RecursionError):
        settings.lines[key] = 0
        hint = "put text with special characters in quotes: key='\"text\"'"
        settings.faults.append(Fault(path=key, expected="a value in YAML", found=f"`{text}`", hint=hint))
        return
    *sections, last = key.split(".")
    tree = settings.tree = dict(settings.tree)
    for section in sections:
        inner = tree.get(section)
        tree[section] = dict(inner) if isinstance(inner, dict) else {}
        tree = tree[section]
    tree[last] = value
    settings.lines[key] = 0


def _resolved(settings: Settings) -> dict[str, Json]:
    """The tree with every `${…}` replaced; a fault for each that cannot be, and its key left out."""

    def inside(value: Json, path: str) -> Json:
        if isinstance(value, dict):
            texts = {key: inner for key, inner in value.items() if isinstance(key, str)}
            done = {key: inside(inner, f"{path}.{key}" if path else key) for key, inner in texts.items()}
            return {key: inner for key, inner in done.items() if inner is not _UNRESOLVED}
        if isinstance(value, list):
            items = [inside(item, path) for item in value]
            return _UNRESOLVED if any(item is _UNRESOLVED for item in items) else items
        if not (isinstance(value, str) and "${" in value):
            return value
        try:
            return _interpolated(value, settings.tree)
        except (OmegaConfBaseException, RecursionError) as error:
            settings.faults.append(_unresolved(path, value, str(error)))
            return _UNRESOLVED

    resolved: dict[str, Json] = inside(settings.tree, "")
    return resolved


_UNRESOLVED = object()
_HERE = "value to resolve"


def _interpolated(value: str, tree: dict[str, Json]) -> Json:
    try:
        config = OmegaConf.create({**tree, _HERE: value})
    except OmegaConfBaseException:  # something else in the tree is broken, and has a fault of its own
        config = OmegaConf.create({_HERE: value})
    found = config[_HERE]
    return OmegaConf.to_container(found, resolve=True) if OmegaConf.is_config(found) else found


def _unresolved(path: str, value: str, error: str) -> Fault:
    unset = re.search(r"Environment variable '(.+?)' not found", error)
    if not unset:
        found = f"`{value}`: {error.splitlines()[0]}"
        return Fault(path=path, expected="`${…}` that can be resolved", found=found)
    name = unset[1]
    return Fault(
        path=path,
        expected=f"the environment variable `{name}` to be set",
        found=f"`{value}`, and it is not set",
        hint=f"export {name}=…, or give a default: ${{oc.env:{name},default}}",
    )
