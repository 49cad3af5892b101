"""What strikes, appeals, blacklistings, decisions by hand and what members are owed can be, and what each
state allows."""

from enum import StrEnum

from kernel.machine import Machine


class StrikeState(StrEnum):
    PENDING = "pending"
    CONTESTED = "contested"
    POSTED = "posted"
    WAIVED = "waived"
    REVERSED = "reversed"


class StrikeAction(StrEnum):
    CONTEST = "contest"
    UPHOLD = "uphold"
    REJECT = "reject"
    WAIVE = "waive"
    POST = "post"
    REVERSE = "reverse"


class AppealState(StrEnum):
    OPEN = "open"
    PROPOSED = "proposed"
    UPHELD = "upheld"
    REJECTED = "rejected"


class AppealAction(StrEnum):
    PROPOSE = "propose"
    UPHOLD = "uphold"
    REJECT = "reject"


class BlacklistingState(StrEnum):
    IN_FORCE = "in_force"
    RAN_OUT = "ran_out"
    RELEASED = "released"
    REVERSED = "reversed"


class BlacklistingAction(StrEnum):
    RUN_OUT = "run_out"
    RELEASE = "release"
    REVERSE = "reverse"


class OverrideState(StrEnum):
    ASKED = "asked"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


class OverrideAction(StrEnum):
    CONFIRM = "confirm"
    REFUSE = "refuse"


class CollectionState(StrEnum):
    OWED = "owed"
    SENT = "sent"
    HANDED_OVER = "handed_over"
    CANCELLED = "cancelled"


class CollectionAction(StrEnum):
    SEND = "send"
    HAND_OVER = "hand_over"
    CANCEL = "cancel"


STRIKE_MACHINE = Machine(
    name="strike",
    table={
        StrikeState.PENDING: {
            StrikeAction.CONTEST: StrikeState.CONTESTED,
            StrikeAction.WAIVE: StrikeState.WAIVED,
            StrikeAction.POST: StrikeState.POSTED,
        },
        # While an appeal is open nothing is posted; rejected, it waits for the next posting.
        StrikeState.CONTESTED: {
            StrikeAction.UPHOLD: StrikeState.WAIVED,
            StrikeAction.REJECT: StrikeState.PENDING,
        },
        # An appeal against what is posted leaves it standing until it is upheld: the ledger says so.
        StrikeState.POSTED: {StrikeAction.REVERSE: StrikeState.REVERSED},
        StrikeState.WAIVED: {},
        StrikeState.REVERSED: {},
    },
)

APPEAL_MACHINE = Machine(
    name="appeal",
    table={
        AppealState.OPEN: {
            AppealAction.UPHOLD: AppealState.UPHELD,
            AppealAction.REJECT: AppealState.REJECTED,
            AppealAction.PROPOSE: AppealState.PROPOSED,
        },
        # A blacklisting is lifted by two: the first proposed it, the second decides.
        AppealState.PROPOSED: {
            AppealAction.UPHOLD: AppealState.UPHELD,
            AppealAction.REJECT: AppealState.REJECTED,
        },
        AppealState.UPHELD: {},
        AppealState.REJECTED: {},
    },
)

BLACKLISTING_MACHINE = Machine(
    name="blacklisting",
    table={
        BlacklistingState.IN_FORCE: {
            BlacklistingAction.RUN_OUT: BlacklistingState.RAN_OUT,
            BlacklistingAction.RELEASE: BlacklistingState.RELEASED,
            BlacklistingAction.REVERSE: BlacklistingState.REVERSED,
        },
        BlacklistingState.RAN_OUT: {},
        BlacklistingState.RELEASED: {},
        BlacklistingState.REVERSED: {},
    },
)

OVERRIDE_MACHINE = Machine(
    name="override",
    table={
        OverrideState.ASKED: {
            OverrideAction.CONFIRM: OverrideState.CONFIRMED,
            OverrideAction.REFUSE: OverrideState.REFUSED,
        },
        OverrideState.CONFIRMED: {},
        OverrideState.REFUSED: {},
    },
)

COLLECTION_MACHINE = Machine(
    name="collection",
    table={
        # Until it is on its way, what it is owed for can be undone.
        CollectionState.OWED: {
            CollectionAction.SEND: CollectionState.SENT,
            CollectionAction.HAND_OVER: CollectionState.HANDED_OVER,
            CollectionAction.CANCEL: CollectionState.CANCELLED,
        },
        CollectionState.SENT: {},
        CollectionState.HANDED_OVER: {},
        CollectionState.CANCELLED: {},
    },
)
