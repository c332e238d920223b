"""What is known of a training while it runs and after: `log.jsonl`, a line a step, and `loss.png`."""

from pathlib import Path

import msgspec

from callwright.files import atomic, lines

LOG = "log.jsonl"
PICTURE = "loss.png"
BLUE, RED, GREY = "#4c78a8", "#e45756", "#8a8a8a"


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the log: a step, or a look at the held-out packs after one."""

    step: int
    epoch: float
    loss: float | None = None
    """Mean over the trained tokens of the step, in nats."""
    eval_loss: float | None = None
    """Mean over the trained tokens that are held out."""
    learning_rate: float | None = None
    tokens_per_second: float | None = None


class Log:
    """The log of a training, kept on disk line by line."""

    def __init__(self, folder: Path, *, upto: int) -> None:
        """Goes on after step `upto`; what was logged later is struck out, for those steps are done again."""
        self.path = folder / LOG
        kept = [entry for entry in read(folder) if entry.step <= upto]
        with atomic(self.path) as file:
            file.writelines(msgspec.json.encode(entry) + b"\n" for entry in kept)

    def add(self, entry: Entry) -> None:
        with self.path.open("ab") as file:
            file.write(msgspec.json.encode(entry) + b"\n")


def read(folder: Path) -> list[Entry]:
    """The entries of a training's log; a last line that was cut by a kill is left out."""
    path = folder / LOG
    entries = []
    for _, line in lines(path) if path.exists() else ():
        try:
            entries.append(msgspec.json.decode(line, type=Entry))
        except msgspec.DecodeError:
            break
    return entries


def draw(folder: Path) -> None:
    """Draw the log as `loss.png`: the loss above, the learning rate below."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import ScalarFormatter

    entries = read(folder)
    figure = Figure(figsize=(8, 4.5), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    losses, rates = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    steps, values = _series(entries, "loss")
    losses.plot(steps, values, color=BLUE, alpha=0.25, linewidth=1)
    losses.plot(steps, smoothed(values), color=BLUE, linewidth=2, label="trained")
    if any(entry.eval_loss is not None for entry in entries):
        losses.plot(*_series(entries, "eval_loss"), color=RED, marker="o", markersize=4, label="held out")
    losses.set(ylabel="loss, nats a trained token", yscale="log")
    for axis in (losses.yaxis.set_major_formatter, losses.yaxis.set_minor_formatter):
        axis(ScalarFormatter())
    losses.legend(frameon=False)
    rates.plot(*_series(entries, "learning_rate"), color=GREY, linewidth=1.5)
    rates.set(xlabel="step", ylabel="rate", ylim=(0, None))
    rates.ticklabel_format(axis="y", style="sci", scilimits=(0, 0))
    for axes in (losses, rates):
        axes.grid(visible=True, which="both", alpha=0.2)
        axes.spines[["top", "right"]].set_visible(False)
    with atomic(folder / PICTURE) as file:
        figure.savefig(file, format="png")


def _series(entries: list[Entry], name: str) -> tuple[list[int], list[float]]:
    """Steps and values of the entries that have a value by that name."""
    found = [(entry.step, getattr(entry, name)) for entry in entries if getattr(entry, name) is not None]
    return [step for step, _ in found], [value for _, value in found]


def smoothed(values: list[float], *, span: int = 0) -> list[float]:
    """Exponential mean over about `span` values (by default a fortieth of all), unbiased at the beginning."""
    keep = 1 - 1 / max(span or len(values) // 40, 1)
    mean = weight = 0.0
    out = []
    for value in values:
        mean, weight = keep * mean + (1 - keep) * value, keep * weight + 1 - keep
        out.append(mean / weight)
    return out
