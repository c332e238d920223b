"""Answering: the turn of the examples that is most like what was said, with the values of this conversation.

No model: words in common weighed by how telling they are, what went before, and values found by their place
and shape. It is the honest floor that a student has to beat.
"""

from collections.abc import Sequence

from callwright.conversation import AssistantMessage, Conversation, Tool
from callwright.teachers.offline.lexicon import Lexicon, words_of
from callwright.teachers.offline.moments import Moments, context_of, moments_of
from callwright.teachers.offline.recalling import Commands, past_of
from callwright.teachers.offline.skeletons import Skeleton
from callwright.teachers.offline.templates import Exchange
from callwright.teachers.offline.values import Kinds


class Answerer:
    """Mined exchanges and skeletons, ready to be looked up."""

    def __init__(
        self,
        exchanges: Sequence[Exchange],
        skeletons: Sequence[Skeleton],
        kinds: Kinds,
        tools: Sequence[Tool],
    ) -> None:
        texts = [words_of(e.text) for e in exchanges]
        texts += [
            user | reply for user, reply in (context_of(s.steps[:at]) for s, at in moments_of(skeletons))
        ]
        lexicon = Lexicon(texts, exchanges, skeletons)
        self.commands = Commands(exchanges, kinds, lexicon, tools) if exchanges else None
        self.moments = Moments(skeletons, kinds, lexicon, tools) if skeletons else None

    def answer(self, conversation: Conversation, *, must_call: bool = False) -> AssistantMessage:
        """The next assistant message; one without content and calls where nothing is alike."""
        past = past_of(conversation)
        if self.commands and past is not None and (not self.moments or past):
            found = self.commands.answer(conversation, past)
            if found:
                return AssistantMessage(tool_calls=found)
        if self.moments and len(conversation.messages) > 0:
            return self.moments.answer(conversation, must_call=must_call)
        return AssistantMessage()
