"""Content blocks of the Messages API, read as messages in the OpenAI form and written from ours."""

from collections.abc import Sequence

from callwright.conversation import AssistantMessage, Json, Message, SystemMessage, ToolMessage, UserMessage
from callwright.formats.placed import Placed
from callwright.formats.reading import Reading, shown
from callwright.registry import near

TYPES = ("text", "tool_use", "tool_result", "thinking", "redacted_thinking")


class Turns:
    """The messages of one row as they are read, each with the place where it stands."""

    def __init__(self, reading: Reading) -> None:
        self.placed: list[Placed] = []
        self.failed: set[int] = set()
        """Indices of the results that are marked as errors."""
        self._reading = reading

    def system(self, value: Json) -> None:
        """The system message beside the messages; None: there is none."""
        if value is not None:
            self._add("system", self._text(value, "$.system"), "$.system")

    def message(self, value: Json, path: str) -> None:
        """One message of the row: none, one or several of ours."""
        if not isinstance(value, dict):
            self._reading.error(path, 'a message, {"role": …, "content": …}', shown(value))
            return
        role = value.get("role")
        self._reading.keys(value, ("role", "content"), path)
        if role == "user":
            self._user(value.get("content"), path)
        elif role == "assistant":
            self._assistant(value.get("content"), path)
        elif role == "system":  # the API has it beside the messages; nothing is lost
            self._add("system", self._text(value.get("content"), f"{path}.content"), path)
        else:
            hint = "results are blocks of the user's message: tool_result" if role == "tool" else ""
            hint = hint or (near(role, ["user", "assistant"]) if isinstance(role, str) else "")
            found = shown(role) if "role" in value else "no role"
            self._reading.error(f"{path}.role", "`user` or `assistant`", found, hint)

    def _add(self, role: str, content: str, place: str, **more: Json) -> None:
        self.placed.append(Placed({"role": role, "content": content, **more}, place))

    def _user(self, content: Json, path: str) -> None:
        """Text and results in the order in which they stand; texts side by side are one message."""
        if not isinstance(content, list) or not content:
            self._add("user", self._text(content, f"{path}.content"), path)
            return
        for index, block in enumerate(content):
            place = f"{path}.content[{index}]"
            kind = self._type(block, place, ("text", "tool_result"))
            if kind == "text":
                before = self.placed[-1] if index and self.placed[-1].value["role"] == "user" else None
                text = self._block_text(block, place)
                if before:
                    self.placed[-1] = Placed(
                        {**before.value, "content": before.value["content"] + text}, path
                    )
                else:
                    self._add("user", text, place if index else path)
            elif kind == "tool_result":
                self._result(block, place)

    def _result(self, block: dict[str, Json], place: str) -> None:
        self._reading.keys(block, ("type", "tool_use_id", "content", "is_error"), place)
        identity = self._reading.text(block.get("tool_use_id") or "", f"{place}.tool_use_id", "an id")
        content = block.get("content")
        text = "" if content is None else self._text(content, f"{place}.content")
        if block.get("is_error"):
            self.failed.add(len(self.placed))
        self._add("tool", text, place, tool_call_id=identity)

    def _assistant(self, content: Json, path: str) -> None:
        said: list[str] = []
        thought: list[str] = []
        calls: list[Json] = []
        if not isinstance(content, list):
            said.append("" if content is None else self._reading.text(content, f"{path}.content"))
        for index, block in enumerate(content if isinstance(content, list) else []):
            place = f"{path}.content[{index}]"
            kind = self._type(block, place, ("text", "tool_use", "thinking", "redacted_thinking"))
            if kind == "text":
                text = self._block_text(block, place)
                said.append("\n" + text if calls and said else text)
                if calls and text:
                    self._reading.warning(place, "text before the calls of its turn", "text after a call")
            elif kind == "tool_use":
                calls.append(self._call(block, place))
            elif kind == "thinking":
                thought.append(self._thinking(block, place, again=bool(thought)))
            elif kind == "redacted_thinking":
                found = "encrypted thinking, which is not kept"
                self._reading.warning(place, "thinking as text", found)
        more = {"reasoning_content": "\n".join(thought), "tool_calls": calls}
        self._add("assistant", "".join(said), path, **more)

    def _call(self, block: dict[str, Json], place: str) -> Json:
        self._reading.keys(block, ("type", "id", "name", "input"), place)
        name = self._reading.text(block.get("name"), f"{place}.name", "the name of a tool")
        if not name and isinstance(block.get("name"), str):
            self._reading.error(f"{place}.name", "the name of a tool", "none")
        arguments = block.get("input")
        if isinstance(arguments, str) and arguments:
            expected = "the arguments as a JSON object"
            arguments = self._reading.parsed(arguments, f"{place}.input", expected)
            if arguments is None:
                arguments = {}
        arguments = {} if arguments == "" else arguments
        if not isinstance(arguments, dict):
            hint = "{} where there are none"
            self._reading.error(f"{place}.input", "the arguments by name", shown(arguments), hint)
        identity = self._reading.text(block.get("id") or "", f"{place}.id", "an id, as text")
        return {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}

    def _thinking(self, block: dict[str, Json], place: str, *, again: bool) -> str:
        self._reading.keys(block, ("type", "thinking"), place)
        if again:
            found = "another, joined to the first"
            self._reading.warning(place, "one block of thinking in a turn", found)
        return self._reading.text(block.get("thinking"), f"{place}.thinking")

    def _type(self, block: Json, place: str, allowed: tuple[str, ...]) -> str:
        """The type of a block that may stand here; `""` after a fault."""
        kind = block.get("type") if isinstance(block, dict) else None
        if isinstance(kind, str) and kind in allowed:
            return kind
        hint = near(kind, list(allowed)) if isinstance(kind, str) else ""
        if kind in ("image", "document"):
            hint = "conversations are text; leave the row out, or say in words what is in it"
        found = shown(kind) if kind is not None else shown(block)
        self._reading.error(place, "a block of " + ", ".join(f"`{one}`" for one in allowed), found, hint)
        return ""

    def _text(self, value: Json, path: str) -> str:
        """Text, or the texts of text blocks."""
        if not isinstance(value, list):
            return self._reading.text(value, path, "text, or text blocks")
        places = ((block, f"{path}[{index}]") for index, block in enumerate(value))
        return "".join(self._block_text(block, place) for block, place in places)

    def _block_text(self, block: Json, place: str) -> str:
        if not self._type(block, place, ("text",)):
            return ""
        self._reading.keys(block, ("type", "text"), place)
        return self._reading.text(block.get("text"), f"{place}.text")


# Writing


def write_blocks(
    messages: Sequence[Message], failed: frozenset[str]
) -> tuple[list[dict[str, Json]], list[str]]:
    """The messages of the row, and for each of the conversation's its place in the row.

    `failed`: ids of the calls whose results are marked as errors. A system message has its place beside them.
    """
    rows: list[dict[str, Json]] = []
    places: list[str] = []
    before: Message | None = None
    for message in messages:
        after_result = isinstance(before, ToolMessage)
        if isinstance(message, SystemMessage):
            places.append("$.system")
        elif isinstance(message, AssistantMessage):
            rows.append({"role": "assistant", "content": _turn(message)})
            places.append(f"$.messages[{len(rows) - 1}]")
        elif isinstance(message, UserMessage) and not after_result:
            rows.append({"role": "user", "content": message.content})
            places.append(f"$.messages[{len(rows) - 1}]")
        else:
            if not after_result:
                rows.append({"role": "user", "content": []})
            blocks = rows[-1]["content"]
            blocks.append(_user_block(message, failed))
            places.append(f"$.messages[{len(rows) - 1}].content[{len(blocks) - 1}]")
        before = message
    return rows, places


def _user_block(message: UserMessage | ToolMessage, failed: frozenset[str]) -> dict[str, Json]:
    if isinstance(message, UserMessage):
        return {"type": "text", "text": message.content}
    block = {"type": "tool_result", "tool_use_id": message.call_id, "content": message.content}
    return {**block, "is_error": True} if message.call_id in failed else block


def _turn(message: AssistantMessage) -> str | list[dict[str, Json]]:
    """Text alone where a turn is no more than that."""
    if not message.tool_calls and not message.reasoning:
        return message.content
    blocks: list[dict[str, Json]] = []
    if message.reasoning:
        blocks.append({"type": "thinking", "thinking": message.reasoning})
    if message.content:
        blocks.append({"type": "text", "text": message.content})
    blocks += (
        {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments}
        for call in message.tool_calls
    )
    return blocks


def within(message: Message, place: str, inside: str) -> str:
    """`inside` of a message, such as `.tool_calls[0].arguments.city`, after the message's `place`."""
    if isinstance(message, SystemMessage):
        return inside.removeprefix(".content")
    if isinstance(message, ToolMessage):
        return inside.replace(".call_id", ".tool_use_id", 1)
    if isinstance(message, UserMessage):
        block = place.endswith("]") and ".content[" in place
        return inside.replace(".content", ".text", 1) if block else inside
    if not message.tool_calls and not message.reasoning:
        return inside
    thought, said = bool(message.reasoning), bool(message.content)
    if inside.startswith(".reasoning"):
        return inside.replace(".reasoning", ".content[0].thinking", 1)
    if inside.startswith(".content"):
        return inside.replace(".content", f".content[{int(thought)}].text", 1) if said else inside
    number, closed, rest = inside.removeprefix(".tool_calls[").partition("]")
    if not closed or not number.isdigit():
        return inside.replace(".tool_calls", ".content", 1)
    return f".content[{int(number) + thought + said}]{rest.replace('.arguments', '.input', 1)}"
