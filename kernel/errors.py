"""Refusals: the five ways in which the house says no.

A refusal carries a `code` for programs, a sentence for people and, where the fault lies in one
field of the input, that field's name. `faces.chrome.errors` alone turns kinds into statuses.
"""

from typing import ClassVar

from kernel.words import msg


class Refusal(Exception):
    """An expected failure. Subclass one of the five kinds below, never this class itself."""

    code: ClassVar[str] = "refused"
    says: ClassVar[str] = msg("这个操作没有完成。")

    def __init__(self, *, field: str | None = None, **facts: object) -> None:
        """Name the `field` at fault, and give the `facts` that the sentence and the answer quote."""
        self.field = field
        self.facts = facts
        super().__init__(self.says % facts if facts else self.says)


class Invalid(Refusal):
    """What was sent cannot be understood or is out of bounds; sending it again cannot help."""

    code = "invalid"
    says = msg("填写的内容有误，请检查。")


class Forbidden(Refusal):
    """The actor is known and may not do this."""

    code = "forbidden"
    says = msg("您没有权限做这个操作。")


class Missing(Refusal):
    """There is no such thing, or it is not the actor's to see."""

    code = "not_found"
    says = msg("没有找到您要看的内容。")


class Conflict(Refusal):
    """The thing's present state does not allow it; look again, then decide."""

    code = "conflict"
    says = msg("情况刚刚变了，请刷新后再试。")


class Unavailable(Refusal):
    """Nothing is wrong with the request; the house cannot serve it now, and nothing was changed."""

    code = "busy"
    says = msg("系统正忙，您填的内容都还在，请稍后再试。")


class ChangedMeanwhile(Conflict):
    """Another hand changed the row between our reading and our writing."""

    code = "stale"
    says = msg("别人刚刚改过这一条，请刷新后再试。")
