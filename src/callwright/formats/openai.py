"""`openai`: `{"messages": […], "tools"?: […]}`, as the OpenAI API has them; also what is kept on disk.

`id` and `metadata` stand beside them; other keys of a row are kept in the metadata.
"""

from callwright.conversation import Conversation, Json
from callwright.errors import FormatError
from callwright.formats import Format
from callwright.formats.beside import told_form, write_beside
from callwright.formats.frame import read_frame
from callwright.formats.kept import taken, unsayable, with_all_ids, with_ids
from callwright.formats.messages import read_messages, write_message
from callwright.formats.placed import as_openai
from callwright.formats.reading import Reading, shown
from callwright.formats.tools import write_tools


class OpenAI(Format):
    name = "openai"
    example = '{"messages": […], "tools"?: […]}'

    def sniff(self, row: dict[str, Json]) -> bool:
        return told_form(row) == self.name or "messages" in row

    def take(self, row: dict[str, Json], reading: Reading) -> Conversation | None:
        values = row.get("messages")
        if isinstance(values, str):  # as in a CSV file
            values = reading.parsed(values, "$.messages", "a JSON array of messages")
        if not isinstance(values, list):
            if not reading.failed:
                reading.error("$.messages", "an array of messages", shown(values))
            values = []
        frame = read_frame(row, ("messages",), reading)
        metadata, kept = taken(frame.metadata)
        messages = with_ids(read_messages(values, "$.messages", reading), kept, reading)
        if reading.failed:
            return None
        return Conversation(messages=messages, tools=frame.tools, id=frame.id, metadata=metadata)

    def write(self, conversation: Conversation) -> dict[str, Json]:
        named, kept = with_all_ids(conversation.messages)
        try:
            if not all(call.name for call in conversation.calls()):
                raise ValueError("it has no name")
            messages = [write_message(message) for message in named]
        except (ValueError, TypeError) as error:
            said = f"a call of {conversation.origin or 'this'} cannot be written: {error}"
            raise FormatError(said, unsayable(conversation)) from error
        row: dict[str, Json] = {"messages": messages}
        if conversation.tools:
            row["tools"] = write_tools(conversation.tools)
        return write_beside(conversation, row, kept, self.name)

    def place(self, conversation: Conversation, path: str) -> str:
        return as_openai(path)


FORMAT = OpenAI()
