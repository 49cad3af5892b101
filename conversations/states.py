"""How a conversation with a person of ours goes."""

from enum import StrEnum

from kernel.machine import Machine


class ChatState(StrEnum):
    WAITING = "waiting"
    CLAIMED = "claimed"
    CLOSED = "closed"


class ChatAction(StrEnum):
    CLAIM = "claim"
    PASS_ON = "pass_on"
    CLOSE = "close"


_S, _A = ChatState, ChatAction

CHAT_MACHINE = Machine(
    name="chat",
    table={
        _S.WAITING: {_A.CLAIM: _S.CLAIMED, _A.CLOSE: _S.CLOSED},
        # Passed on, it waits in another desk's queue.
        _S.CLAIMED: {_A.PASS_ON: _S.WAITING, _A.CLOSE: _S.CLOSED},
        # Whoever asks again begins another.
        _S.CLOSED: {},
    },
)
