"""`openai`: `{"messages": […], "tools"?: […]}`, as the OpenAI API has them; also what is kept on disk.

`id` and `metadata` stand beside them; other keys of a row are kept in the metadata.
"""

from callwright.conversation import Conversation, Json
from callwright.errors import FormatError
from callwright.formats import Format
from callwright.formats.frame import read_frame, write_frame
from callwright.formats.messages import read_messages, wrapped, write_message
from callwright.formats.reading import Reading, shown


class OpenAI(Format):
    name = "openai"
    example = '{"messages": […], "tools"?: […]}'

    def sniff(self, row: dict[str, Json]) -> bool:
        return "messages" in row

    def take(self, row: dict[str, Json], reading: Reading) -> Conversation | None:
        values = row.get("messages")
        if isinstance(values, str):  # as in a CSV file
            values = reading.parsed(values, "$.messages", "a JSON array of messages")
        if not isinstance(values, list):
            if not reading.failed:
                reading.error("$.messages", "an array of messages", shown(values))
            values = []
        frame = read_frame(row, ("messages",), reading)
        messages = read_messages(values, "$.messages", reading)
        if reading.failed:
            return None
        return Conversation(messages=messages, tools=frame.tools, id=frame.id, metadata=frame.metadata)

    def write(self, conversation: Conversation) -> dict[str, Json]:
        try:
            messages = [write_message(message) for message in conversation.messages]
        except (ValueError, TypeError) as error:
            raise FormatError(
                f"a call of {conversation.origin or 'this'} cannot be written: {error}"
            ) from error
        return write_frame(conversation, {"messages": messages})

    def place(self, conversation: Conversation, path: str) -> str:
        return wrapped(path)


FORMAT = OpenAI()
