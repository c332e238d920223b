"""Values by parameter: what was seen, what a schema allows, and invention that keeps a shape."""

import re
from collections import Counter
from collections.abc import Iterable
from random import Random

import msgspec

from callwright import schema
from callwright.conversation import Json, Tool
from callwright.teachers.offline import words
from callwright.teachers.offline.forms import DATE, days_from, number_of, text_of
from callwright.teachers.offline.shapes import shape

TOKEN = re.compile(r"[^\W\d_]+|\d+|[\W_]")
KEPT = frozenset(
    [
        "a",
        "an",
        "and",
        "at",
        "by",
        "de",
        "for",
        "from",
        "in",
        "la",
        "my",
        "no",
        "of",
        "on",
        "or",
        "the",
        "to",
        "v",
        "vs",
        "with",
        "src",
        "log",
        "tar",
        "test",
    ]
)
GENERIC = frozenset(
    ["name", "id", "value", "text", "type", "new", "old", "the", "a", "of", "to", "for", "in"]
)


class Kind(msgspec.Struct):
    """What is known of the values of one parameter."""

    key: str
    """`tool.path` of a parameter, or `tool>path` of a key of its results."""
    schema: dict[str, Json] = {}
    hint: str = ""
    """The words of its name and description, in lower case."""
    seen: list[Json] = []
    """Every observed value, repeats included, those of its relatives after its own."""
    frequent: frozenset[str] = frozenset()
    """Words that recur over different values: `Street`, `ORD`."""
    family: str = ""
    """`person`, `city` or empty."""
    closed: bool = False
    """Whether only values that were seen are used: few values, often repeated."""
    by_shape: dict[str, list[Json]] = {}


class Kinds:
    """The kinds of all parameters, related where their values flow into each other."""

    def __init__(self, tools: Iterable[Tool], observed: dict[str, list[Json]], today: str = "") -> None:
        self.today = today
        self._kinds: dict[str, Kind] = {}
        for tool in tools:
            for path, spec in parameters(tool.parameters):
                self._kinds[f"{tool.name}.{path}"] = Kind(
                    key=f"{tool.name}.{path}", schema=spec, hint=_hint(path, spec), seen=[]
                )
        for key, values in observed.items():
            kind = self._kinds.setdefault(key, Kind(key=key, hint=_hint(key.rsplit(">")[-1], {}), seen=[]))
            kind.seen = list(values)
        self._relate()
        for kind in self._kinds.values():
            _study(kind)

    def __getitem__(self, key: str) -> Kind:
        if key not in self._kinds:
            self._kinds[key] = Kind(key=key)
        return self._kinds[key]

    def _relate(self) -> None:
        """Parameters that share observed values share their pools; so do results and parameters of a name."""
        own = {key: list(kind.seen) for key, kind in self._kinds.items() if "enum" not in kind.schema}
        texts = {key: {text_of(v).casefold() for v in vs if isinstance(v, str)} for key, vs in own.items()}
        for key in own:
            for other in own:
                if key == other:
                    continue
                same_name = key.rsplit(">")[-1].rsplit(".")[-1] == other.rsplit(">")[-1].rsplit(".")[-1]
                if texts[key] & texts[other] or (same_name and bool(texts[key]) == bool(texts[other])):
                    self._kinds[key].seen = self._kinds[key].seen + own[other]

    def draw(self, key: str, like: Json, rng: Random) -> Json:
        """Another value for the parameter, of the shape of `like`."""
        kind = self[key]
        if "enum" in kind.schema:
            return rng.choice(kind.schema["enum"])
        if isinstance(like, bool):
            return rng.random() < 0.5
        number = number_of(like)
        if number is not None:
            return _number(kind, like, rng)
        if not isinstance(like, str):
            return like
        return self._string(kind, like, rng)

    def _string(self, kind: Kind, like: str, rng: Random) -> str:
        name = shape(like)
        pool = kind.by_shape.get(name) or [like]
        if kind.closed or rng.random() < 0.12:
            return str(rng.choice(pool))
        if name == "date":
            return _date(self.today, kind, like, rng)
        if name == "time":
            hour = rng.randint(0, 23) if rng.random() < 0.1 else rng.randint(7, 21)
            return f"{hour:02}:{rng.choice((0, 0, 15, 30, 30, 45)):02}"
        if name == "sentence":
            return rng.choice(words.SENTENCES)
        if kind.family == "person":
            return _person(like, rng)
        if kind.family == "city":
            return rng.choice(words.CITIES)
        made = invent(like if rng.random() < 0.4 else str(rng.choice(pool)), rng, kind.frequent)
        return made if _allowed(kind, made) else like


def parameters(spec: dict[str, Json], prefix: str = "") -> Iterable[tuple[str, dict[str, Json]]]:
    """Leaves of an object's schema as (dotted path, schema); items of an array are `path[]`."""
    for name, inner in spec.get("properties", {}).items():
        if not isinstance(inner, dict):
            continue
        path = f"{prefix}{name}"
        while inner.get("type") == "array" and isinstance(inner.get("items"), dict):
            inner, path = {"description": inner.get("description", ""), **inner["items"]}, f"{path}[]"
        if "properties" in inner:
            yield from parameters(inner, f"{path}.")
        else:
            yield path, inner


def _hint(path: str, spec: dict[str, Json]) -> str:
    name = re.sub(r"([a-z])([A-Z])", r"\1 \2", path)
    return re.sub(
        r"[^a-z0-9]+", " ", f"{name} {spec.get('description', '')} {spec.get('format', '')}".lower()
    )


def _study(kind: Kind) -> None:
    texts = [text_of(v) for v in kind.seen if isinstance(v, str)]
    distinct = list(dict.fromkeys(texts))
    counts = Counter(word for text in distinct for word in set(re.findall(r"[^\W\d_]+", text)))
    floor = max(3, len(distinct) // 8)
    kind.frequent = frozenset(word for word, count in counts.items() if count >= floor)
    kind.by_shape = {}
    for value in dict.fromkeys(texts):
        kind.by_shape.setdefault(shape(value), []).append(value)
    own = set(kind.hint.split())
    firsts = sum(text.partition(" ")[0] in words.FIRST_NAMES for text in distinct)
    cities = sum(text in words.CITIES for text in distinct)
    total = max(1, len(distinct))
    if firsts / total >= (0.2 if own & {"person", "recipient", "contact", "guest", "who"} else 0.5):
        kind.family = "person"
    elif cities / total >= 0.5 or (own & {"city", "town"} and (cities or not distinct)):
        kind.family = "city"
    # A dozen words that come again and again are a closed class: cuisines, genres, rooms.
    plain = all(re.fullmatch(r"[^\W\d_]+( [^\W\d_]+)*", text) for text in distinct)
    kind.closed = bool(plain and not kind.family and len(texts) >= 5 and len(distinct) <= 0.5 * len(texts))


def _number(kind: Kind, like: Json, rng: Random) -> Json:
    numbers: list[int | float] = [n for v in kind.seen if (n := number_of(v)) is not None]
    numbers = numbers or [number_of(like) or 0]
    low: Json = min(numbers)
    high: Json = max(numbers)
    low = kind.schema.get("minimum", 1 if low >= 1 else min(low, 0) * 2)
    high = kind.schema.get("maximum", max(high * 1.5, low + 9))
    low, high = kind.schema.get("exclusiveMinimum", low), kind.schema.get("exclusiveMaximum", high)
    whole = not isinstance(like, float) or (like.is_integer() and rng.random() < 0.6)
    if isinstance(like, str):
        whole = "." not in like
    step = next(
        (s for s in (1000, 100, 50, 10, 5) if all(n % s == 0 for n in numbers) and len(numbers) > 2), 1
    )
    if whole:
        choice = rng.randint(int(-(-low // 1)), max(int(high), int(-(-low // 1))))
        made: int | float = max(choice // step * step, step) if step > 1 and rng.random() < 0.8 else choice
    else:
        made = round(rng.uniform(low, high), 2 if any(round(n, 1) != n for n in numbers) else 1)
    made = min(max(made, low), high)
    value: Json = str(made) if isinstance(like, str) else float(made) if isinstance(like, float) else made
    return value if _allowed(kind, value) else like


def _date(today: str, kind: Kind, like: str, rng: Random) -> str:
    if DATE.fullmatch(today):
        return days_from(
            today, rng.choice((1, 2, 3, 4, 5, 6, 7)) if rng.random() < 0.4 else rng.randint(0, 27)
        )
    return days_from(like if DATE.fullmatch(like) else "2024-05-01", rng.randint(-60, 120))


def _person(like: str, rng: Random) -> str:
    parts = like.split()
    if len(parts) == 1 and parts[0] not in words.LAST_NAMES:
        return rng.choice(words.FIRST_NAMES)
    if len(parts) == 1:
        return rng.choice(words.LAST_NAMES)
    return f"{rng.choice(words.FIRST_NAMES)} {rng.choice(words.LAST_NAMES)}"


def _allowed(kind: Kind, value: Json) -> bool:
    """Whether the schema bears the value; only asked where it says more than a type."""
    if not kind.schema.keys() & {
        "pattern",
        "maxLength",
        "minLength",
        "multipleOf",
        "not",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "format",
    }:
        return True
    return not schema.faults(kind.schema, value)


def invent(like: str, rng: Random, frequent: frozenset[str] = frozenset()) -> str:
    """A value with the separators, case, digits and endings of `like`, of other words."""
    if re.fullmatch(r"[\w.+-]+@[\w.-]+", like):
        user, _, host = like.partition("@")
        if rng.random() < 0.5:
            host = f"{rng.choice(words.NOUNS)}.{host.rsplit('.', 1)[-1]}"
        return f"{_name_of_account(user, rng)}@{host}"
    if mixed := re.fullmatch(r"(.+)(\.[a-z]+\d)", like, re.IGNORECASE):
        # `.mp3` is one ending, no word and a number.
        return invent(mixed[1], rng, frequent) + mixed[2]
    tokens = TOKEN.findall(like)
    made: list[str] = []
    for index, token in enumerate(tokens):
        ending = index > 0 and tokens[index - 1] == "." and token.isascii() and len(token) <= 5
        if token.isdigit():
            made.append(_digits(token, rng))
        elif not token.isalpha():
            made.append(token)
        elif ending and index > 1:
            made.append(_ending(token, rng) if index == len(tokens) - 1 else token)
        elif token in frequent or token.lower() in KEPT or (len(token) == 1):
            made.append(token)
        else:
            made.append(_word(token, rng, adjective=index + 2 < len(tokens) and tokens[index + 1] in " _-"))
    return _reshaped("".join(made), like, rng)


def _reshaped(made: str, like: str, rng: Random) -> str:
    """Now and then one word more, with the separator the name already has, or a number put behind."""
    if rng.random() > 0.15 or "/" in like or made.startswith(".") or not _a_name(like):
        return made
    stem, dot, ending = made.partition(".")
    joint = next((c for c in "_- " if c in stem), rng.choice("_-") if dot else "")
    if not joint or len(stem) > 24:
        return made
    extra = rng.choice(words.NOUNS) if rng.random() < 0.6 else str(rng.randint(1, 99))
    return f"{stem}{joint}{extra.title() if stem[:1].isupper() and joint == ' ' else extra}{dot}{ending}"


def _a_name(like: str) -> bool:
    """Whether a value may grow by a word: the name of a file or a thing, no address, no sentence."""
    return shape(like) in ("ended", "word", "words") and len(like.split()) < 3 and like[:1].isalpha()


def _digits(token: str, rng: Random) -> str:
    if len(token) == 4 and token[:2] in ("19", "20"):
        return str(rng.randint(1990, 2029))
    first = "0" if token.startswith("0") else str(rng.randint(1, 9))
    return first + "".join(rng.choice("0123456789") for _ in token[1:])


def _ending(token: str, rng: Random) -> str:
    if rng.random() < 0.5:
        return token
    ending = rng.choice(words.ENDINGS)
    return ending.upper() if token.isupper() else ending


def _word(token: str, rng: Random, *, adjective: bool) -> str:
    if not token.isascii():
        word = rng.choice(words.FOREIGN)
    elif token.isupper() and len(token) <= 4:
        return (
            "".join(rng.choice("ABCDEFGHKLMNPRSTUVWX") for _ in token)
            if len(token) < 4
            else rng.choice(words.NOUNS)[:5].upper()
        )
    else:
        word = rng.choice(words.ADJECTIVES if adjective and rng.random() < 0.4 else words.NOUNS)
    if token.isupper():
        return word.upper()
    if token.islower():
        return word.lower()
    if token[0].isupper():
        return word[:1].upper() + word[1:]
    # camelCase: two words joined.
    return word + rng.choice(words.NOUNS).title()


def _name_of_account(user: str, rng: Random) -> str:
    first, last = rng.choice(words.FIRST_NAMES).lower(), rng.choice(words.LAST_NAMES).lower()
    joint = next((c for c in "._-" if c in user), "")
    return f"{first}{joint}{last}" if joint else first
