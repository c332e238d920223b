"""The purse: a model asked while there is budget and nobody has said stop; then it raises instead of answering."""

from callwright.chat import ChatModel, Reply, Sampling
from callwright.conversation import Conversation
from callwright.errors import CallwrightError
from callwright.teachers.budget import Account, Budgeted, Price


class Stopped(CallwrightError):
    """Nothing more is asked: a budget is spent, or the work was stopped."""


class Switch:
    """Says stop to all models that share it."""

    def __init__(self) -> None:
        self.why = ""


class Purse(Budgeted):
    """`model` on an account; raises `Stopped` where `Budgeted` would give an error reply, and after a stop."""

    def __init__(
        self, model: ChatModel, account: Account, switch: Switch, *, price: Price | None = None
    ) -> None:
        super().__init__(model, account, price=price)
        self._purse, self._switch = account, switch

    async def reply(self, conversation: Conversation, sampling: Sampling) -> Reply:
        """The model's reply. Raises `Stopped`."""
        if why := self._switch.why or self._purse.spent():
            raise Stopped(why)
        return await super().reply(conversation, sampling)
