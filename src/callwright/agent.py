"""A model and its tools in a loop: it calls, the tools answer, until it replies; and the terminal's chat."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import msgspec

from callwright.chat import ChatModel, Reply, Sampling
from callwright.conversation import Conversation, Message, Tool, ToolCall, ToolMessage, UserMessage
from callwright.errors import ModelError
from callwright.schema import signature

RunTool = Callable[[ToolCall], str]
"""Gives the result of a call, as text."""


class Chat:
    """A conversation that grows: what the user says, what the model answers, what the tools give.

    `run_tool`: gives a call's result. `rounds`: most times that the model may call before it must reply;
    then the turn ends where it is, since a model that calls for ever would hold the user up for ever.
    """

    def __init__(
        self,
        model: ChatModel,
        run_tool: RunTool,
        *,
        system: str = "",
        tools: tuple[Tool, ...] = (),
        sampling: Sampling | None = None,
        rounds: int = 8,
    ) -> None:
        self.conversation = Conversation(messages=()).completed(system=system, tools=tools)
        self._model, self._run_tool = model, run_tool
        self._sampling, self._rounds = sampling or Sampling(), rounds

    def say(self, text: str, *, show: Callable[[Reply], None] = lambda _: None) -> Reply:
        """The user says `text`; the model's last reply, after all its calls. `show` sees each as it comes.

        Raises `ModelError` where the model does not answer; the history is then as it was before.
        """
        before = self.conversation
        try:
            return self._turn(text, show)
        except BaseException:
            self.conversation = before
            raise

    def _turn(self, text: str, show: Callable[[Reply], None]) -> Reply:
        self._add(UserMessage(text))
        for _ in range(self._rounds):
            reply = asyncio.run(self._model.reply(self.conversation, self._sampling))
            if reply.finish == "error":
                raise ModelError(reply.error)
            self._add(reply.message)
            show(reply)
            if not reply.message.tool_calls:
                return reply
            for call in reply.message.tool_calls:
                self._add(ToolMessage(content=self._run_tool(call), call_id=call.id))
        return reply

    def undo(self) -> bool:
        """Take back the user's last message and all that followed; whether there was one."""
        messages = self.conversation.messages
        spoken = [index for index, message in enumerate(messages) if isinstance(message, UserMessage)]
        if spoken:
            self.conversation = self.conversation.upto(spoken[-1])
        return bool(spoken)

    def _add(self, message: Message) -> None:
        messages = (*self.conversation.messages, message)
        self.conversation = msgspec.structs.replace(self.conversation, messages=messages)


HELP = "/undo takes back the last message · /tools lists the tools · /save FILE · /quit"


def talk(
    folder: str | Path,
    *,
    ask: Callable[[str], str] = input,
    tell: Callable[[str], None] = print,
) -> None:
    """Talk with the student of `folder` at the terminal; the user types the tools' results.

    `ask` shows a prompt and gives a line, and ends the talk with `EOFError`; `tell` shows a line.
    """
    from callwright.inference import load

    model = load(folder).chat
    card = model.student.card
    chat = Chat(
        model, lambda call: ask(f"  result of {call.name}> "), system=card.task_description, tools=card.tools
    )
    tell(HELP)
    while True:
        try:
            line = ask("you> ").strip()
            if line == "/quit":
                return
            if line.startswith("/"):
                _command(chat, line, tell)
            elif line:
                chat.say(line, show=lambda reply: _show(reply, tell))
        except ModelError as error:
            tell(f"! {error}")
        except (EOFError, KeyboardInterrupt):
            tell("")
            return


def _command(chat: Chat, line: str, tell: Callable[[str], None]) -> None:
    command, _, rest = line.partition(" ")
    if command == "/undo":
        tell("taken back" if chat.undo() else "there is nothing to take back")
    elif command == "/tools":
        for tool in chat.conversation.tools:
            tell(f"  {signature(tool)}" + (f"  {tool.description}" if tool.description else ""))
    elif command == "/save" and rest.strip():
        from callwright.formats import write

        write(Path(rest.strip()), [chat.conversation])
        tell(f"saved to {rest.strip()}")
    else:
        tell(HELP)


def _show(reply: Reply, tell: Callable[[str], None]) -> None:
    if reply.message.content:
        tell(f"student> {reply.message.content}")
    for call in reply.message.tool_calls:
        tell(f"student> {call.name}({json.dumps(call.arguments, ensure_ascii=False)})")
    for broken in reply.message.malformed:
        tell(f"student> (no call: {broken.error}) {broken.raw}")
    if reply.finish == "length":
        tell("  (cut off by the limit of tokens)")
