"""Pages: a report as `report.json`, `report.md` and one `report.html` that needs nothing else."""

import base64
import re
from pathlib import Path

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from callwright.evaluate.failures import Failure
from callwright.evaluate.reports import ROLES, Report
from callwright.evaluate.verdicts import points
from callwright.files import atomic
from callwright.metrics.statistics import Figure, counted, told

METRICS = {
    "tool_call_equivalence": "calls right",
    "binary_tool_call": "as written",
    "staged_tool_call": "staged",
}
"""Metric -> the head of its column; any other metric has its own name."""


SHOWN = 20
"""Failures told in full in the Markdown."""


def write_report(folder: Path, report: Report) -> None:
    """Write the three files into `folder`, each whole or not at all."""
    pages = {
        "report.json": msgspec.json.format(msgspec.json.encode(report), indent=2),
        "report.md": markdown(report).encode(),
        "report.html": html(report, folder).encode(),
    }
    for name, page in pages.items():
        with atomic(folder / name) as file:
            file.write(page)


def read_report(folder: Path) -> Report:
    """What `write_report` wrote."""
    return msgspec.json.decode((folder / "report.json").read_bytes(), type=Report)


def html(report: Report, folder: Path) -> str:
    """One page; a loss curve that is there is inside it."""
    return _render("report.html.jinja", report, escape=True, curve=_image(report, folder))


def markdown(report: Report) -> str:
    """The same for a terminal or a code forge; of the failures, the first of the model it is about."""
    about = "tuned" if "tuned" in report.failed else next(iter(report.failed), "")
    shown = [failure for failure in report.failures if failure.model == about][:SHOWN]
    page = _render("report.md.jinja", report, escape=False, shown=shown)
    return re.sub(r"\n{3,}", "\n\n", page).strip() + "\n"


def _render(template: str, report: Report, *, escape: bool, **more: object) -> str:
    # StrictUndefined: a field that a template misspells is an error, not an empty cell.
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=escape,  # noqa: S701 - off for Markdown only, whose filters escape
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=percent,
        told=told,
        md=md,
        code=code,
        story=story,
        counted=counted,
        asked=asked,
        p=p_value,
        points=points,
    )
    return environment.get_template(template).render(
        report=report,
        names={role: ROLES.get(role, role) for role in report.evaluations},
        metrics={name: METRICS.get(name, name) for e in report.evaluations.values() for name in e.metrics},
        slices={title: _matrix(report, part) for title, part in SLICES.items()},
        kinds=sorted({failure.kind for failure in report.failures}),
        **more,
    )


SLICES = {
    "By tool": "by_tool",
    "By turn of the user": "by_turn",
    "Known by heart?": "by_history",
}
"""Heading -> the slices of an evaluation that it shows."""


def _matrix(report: Report, part: str) -> dict[str, dict[str, Figure]]:
    """Slice -> role -> figure, in the order of the model the report is about; empty if all is one slice."""
    rows: dict[str, dict[str, Figure]] = {}
    first = [role for role in ("tuned", *report.evaluations) if role in report.evaluations]
    for role in dict.fromkeys(first):
        for one in getattr(report.evaluations[role], part):
            rows.setdefault(one.name, {})[role] = one.figure
    return rows if len(rows) > 1 else {}


def _image(report: Report, folder: Path) -> str:
    """The loss curve as a data URI; empty if there is none."""
    if not report.loss_curve:
        return ""
    path = folder / report.loss_curve
    if not path.is_file():
        return ""
    kind = "svg+xml" if path.suffix == ".svg" else path.suffix.removeprefix(".").replace("jpg", "jpeg")
    return f"data:image/{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def percent(value: float | None, digits: int = 0) -> str:
    """`93 %`; 99.9 is not rounded up to 100 nor 0.1 down to 0."""
    if value is None:
        return "–"
    text = f"{value * 100:.{digits}f}"
    if (float(text) == 100 and value < 1) or (float(text) == 0 and value > 0):
        text = f"{value * 100:.{digits + 1}f}"
    return f"{text}\N{NO-BREAK SPACE}%"


def p_value(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}" if value < 0.1 else f"p = {value:.2f}"


def md(text: object) -> str:
    """Text that Markdown leaves as it is, in one line."""
    escaped = "".join(f"\\{c}" if c in "\\`*_{}[]<>()#|!~$&" else c for c in str(text))
    return " ".join(escaped.split())


def asked(failure: Failure) -> str:
    """What a failure is known by in a list: the last words of the user."""
    words = [said.text for said in failure.history if said.role == "user"]
    return words[-1] if words else failure.item


def story(failure: Failure) -> str:
    """A failure as plain text."""
    lines = [f"{said.role}: {said.text}" for said in failure.history]
    for name, side in (("expected", failure.expected), ("produced", failure.produced)):
        calls = [f"{c.name}({', '.join(f'{a.name}: {a.value}' for a in c.arguments)})" for c in side.calls]
        lines.append(f"{name}: " + "; ".join(part for part in (*calls, side.text) if part))
    return "\n".join(lines)


def code(text: str) -> str:
    """A block of code by indentation, which no text can end."""
    return "\n".join(f"    {line}" for line in text.splitlines()) or "    "
