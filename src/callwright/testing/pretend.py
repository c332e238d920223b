"""A pretended model that answers what a generation asks: blueprints, users, assistants, judges; no model behind it.

    with Endpoint(answer=Pretend(tools)) as endpoint:
        ...  # generate with endpoint.url

What it answers is a function of what it is asked alone, so two runs that ask the same get the same.
"""

import json
import re
from collections.abc import Callable, Sequence
from random import Random

from callwright.conversation import Json, Tool
from callwright.testing.endpoint import Said, Trouble, said

_SYLLABLES = tuple(
    re.findall("[a-z]+", "ba bel dor fen gal hin jor kel lum mar nel or pim quin ras sol tam ul ver")
)
_OPENINGS = (
    *("please", "could you", "I would like you to", "can you", "now", "time to", "go and", "I need you to"),
    *("would you", "be so kind and", "help me", "let us", "I want you to", "next", "kindly", "just"),
)
_ASIDES = (
    *(
        "before lunch",
        "for my sister",
        "as we said",
        "when you can",
        "this is for work",
        "it is for a friend",
    ),
    *(
        "while I wait",
        "on the quick",
        "for tonight",
        "since Monday is near",
        "the usual way",
        "for the family",
    ),
    *(
        "I am in a hurry",
        "take your time",
        "nothing special",
        "for the trip",
        "my boss asked",
        "so I can rest",
    ),
)
Answer = Said | Trouble
Change = Callable[[str, dict[str, Json], Answer], Answer]


class Pretend:
    """Called with the body of a request; `change` may spoil an answer: given what is asked for, body and answer.

    What is asked for is one of `blueprint`, `user`, `call`, `reply`, `judge`.
    """

    def __init__(self, tools: Sequence[Tool], *, change: Change | None = None) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._change = change
        self._wants: dict[str, dict[str, Json]] = {}
        self._said: dict[str, dict[str, Json]] = {}

    def __call__(self, body: dict[str, Json]) -> Answer:
        system, last = body["messages"][0]["content"], body["messages"][-1]
        if system.startswith("You plan example conversations"):
            kind, answer = "blueprint", self._blueprints(body["messages"][1]["content"])
        elif system.startswith("You play a user"):
            kind, answer = "user", self._user(body["messages"][1]["content"])
        elif system.startswith("You judge whether"):
            kind, answer = "judge", _verdict(last["content"])
        elif "Direction for your next message" in system:
            kind, answer = "reply", self._reply(system)
        else:
            kind, answer = "call", self._call(body["messages"])
        return self._change(kind, body, answer) if self._change else answer

    # ── blueprints ────────────────────────────────────────────────────────────────────────────────────────

    def _blueprints(self, asked: str) -> Said:
        parts = re.split(r"^Number (\d+)$", asked, flags=re.MULTILINE)[1:]
        made = [
            {"number": int(number), "turns": self._turns(text)}
            for number, text in zip(parts[::2], parts[1::2], strict=True)
        ]
        return said("Here it is:\n```json\n" + json.dumps({"blueprints": made}) + "\n```")

    def _turns(self, text: str) -> list[dict[str, Json]]:
        rng = Random(text.split("An earlier try")[0].strip())
        turns: list[dict[str, Json]] = []
        for line in re.findall(r"^\d+\. (.*)$", text.split("Turns:")[1], flags=re.MULTILINE):
            names, _, how = line.partition(";")
            before = [call for turn in turns for call in turn["calls"]]
            turn = self._turn(re.findall(r"`([^`]+)`", names), how, before, rng)
            self._wants[turn["wants"]] = turn
            turns.append(turn)
        return turns

    def _turn(
        self, names: list[str], how: str, before: list[dict[str, Json]], rng: Random
    ) -> dict[str, Json]:
        facts: list[str] = []
        calls: list[dict[str, Json]] = []
        for name in names:
            arguments = self._arguments(name, how, before, facts, rng)
            result, fails = _result(how, rng)
            calls.append({"name": name, "arguments": arguments, "result": result, "fails": fails})
        opening = f"{rng.choice(_OPENINGS)} {rng.choice(_ASIDES)}, {_word(rng)} {rng.choice(_ASIDES)}"
        return {
            "wants": f"{opening}: {' and '.join(names) or 'talk'} {how.strip()}",
            "facts": facts,
            "calls": calls,
            "reply": _direction(how, names, rng),
        }

    def _arguments(
        self, name: str, how: str, before: list[dict[str, Json]], facts: list[str], rng: Random
    ) -> dict[str, Json]:
        schema = self._tools[name].parameters
        if "corrects a value" in how and before and before[-1]["name"] == name:
            arguments = dict(before[-1]["arguments"])
            changed = [key for key in arguments if not isinstance(arguments[key], bool)][-1:]
        else:
            arguments, changed = {}, list(schema.get("properties", {}))
        required = schema.get("required", [])
        said_before = [v for call in before for v in call["arguments"].values() if isinstance(v, str)]
        back = "earlier turn" in how or "points back" in how
        for key in changed:
            spec = schema["properties"][key]
            if key not in required and key not in arguments and spec.get("type") == "boolean":
                continue
            if key not in required and key not in arguments and required:
                continue
            if back and said_before and spec.get("type") == "string" and "enum" not in spec:
                arguments[key], back = said_before[-1], False
                continue
            arguments[key] = _value(spec, rng, arguments.get(key))
            facts.append(f"{key.replace('_', ' ')} {arguments[key]}")
        return arguments

    # ── turns ─────────────────────────────────────────────────────────────────────────────────────────────

    def _user(self, asked: str) -> Said:
        wants = re.search(r"^What you want now: (.*)$", asked, flags=re.MULTILINE)
        turn = self._wants[wants[1] if wants else ""]
        opening = str(turn["wants"]).partition(":")[0]
        words = [opening, "do it again there" if "Point back" in asked else "", " and ".join(turn["facts"])]
        if "not what you meant" in asked:
            words.insert(0, "no, I meant something else,")
        if "drop what" in asked:
            words.insert(0, "never mind that,")
        text = " ".join(word for word in words if word)
        self._said[text] = turn
        return said(text)

    def _call(self, messages: list[dict[str, Json]]) -> Said:
        """The calls of the turn that are not made yet."""
        last = max(index for index, message in enumerate(messages) if message["role"] == "user")
        turn = self._said[messages[last]["content"]]
        made = sum(len(message.get("tool_calls") or ()) for message in messages[last + 1 :])
        left = turn["calls"][made:]
        together = "all of it" in turn["wants"]
        return said(calls=[(call["name"], call["arguments"]) for call in (left if together else left[:1])])

    def _reply(self, system: str) -> Said:
        direction = re.search(r"which the user does not see: (.*)", system)
        return said(direction[1] if direction else "All right.")


def _value(spec: dict[str, Json], rng: Random, old: Json) -> Json:
    if "enum" in spec:
        return rng.choice([value for value in spec["enum"] if value != old and value != "dontcare"])
    kind = spec.get("type", "string")
    if kind == "boolean":
        return True
    if kind in ("integer", "number"):
        return rng.randrange(2, 900)
    if kind == "array":
        return [_word(rng)]
    return _word(rng)


def _word(rng: Random) -> str:
    return "".join(rng.choice(_SYLLABLES) for _ in range(4)).capitalize()


def _result(how: str, rng: Random) -> tuple[Json, bool]:
    if "the call fails" in how:
        return {"error": "the service is not to be reached"}, True
    if "nothing is found" in how:
        return [], False
    return [{"name": _word(rng)}], False


def _direction(how: str, names: list[str], rng: Random) -> str:
    aside = rng.choice(_ASIDES)
    if "with a question" in how or "leaves out" in how:
        return f"Gladly, and which one shall it be, {aside}?"
    if "no tool can" in how:
        return f"I am sorry, I cannot do that {aside}, as there is no tool for it."
    if "fails" in how:
        return "That did not work: the service is not to be reached."
    if "nothing is found" in how:
        return f"There is nothing of that kind {aside}."
    return f"That is done {aside}." if names else f"You are welcome, {aside}."


def _verdict(text: str) -> Said:
    line = next((line for line in text.splitlines() if line.startswith("user: ")), "")
    verdict = {"evidence": [line.removeprefix("user: ")[:40]], "reason": "it holds", "verdict": "good"}
    return said(json.dumps(verdict))
