"""The seam: many conversations answered in order, batched or concurrent."""

import asyncio

from callwright.chat import Reply, Sampling, replies
from callwright.conversation import AssistantMessage, Conversation, UserMessage


class Echo:
    name = "echo"

    def __init__(self) -> None:
        self.at_once = self.most = 0

    async def reply(self, conversation: Conversation, sampling: Sampling) -> Reply:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        text = conversation.messages[-1].content
        for _ in range(10 - int(text)):  # later conversations answer sooner
            await asyncio.sleep(0)
        self.at_once -= 1
        return Reply(message=AssistantMessage(content=text))


class Batcher(Echo):
    def replies(self, conversations: list[Conversation], sampling: Sampling) -> list[Reply]:
        return [
            Reply(message=AssistantMessage(content=f"batch of {len(conversations)}")) for _ in conversations
        ]


TALKS = [Conversation(messages=(UserMessage(str(n)),)) for n in range(9)]


def test_concurrent_replies_come_in_the_order_of_the_conversations() -> None:
    model = Echo()
    assert [r.message.content for r in replies(model, TALKS, Sampling(), concurrency=3)] == list("012345678")
    assert model.most == 3


def test_a_model_that_batches_gets_them_all_at_once() -> None:
    assert {r.message.content for r in replies(Batcher(), TALKS, Sampling())} == {"batch of 9"}
