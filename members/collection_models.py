"""Things that members are owed."""

from datetime import datetime

from sqlalchemy import Enum, ForeignKey, true
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant
from kernel.phone import Phone
from members.collecting import Way
from members.states import COLLECTION_MACHINE, CollectionAction, CollectionState


class Collection(Base):
    """One thing that a member is owed, once for its cause: sent, or handed over for its code."""

    __tablename__ = "members_collection"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), index=True)
    what: Mapped[str]
    # What it is owed for, as draw:Z…:7, exchange:X… or care:H…:3.
    cause: Mapped[str] = mapped_column(unique=True)
    owed_at: Mapped[datetime] = mapped_column(Instant)
    by_post: Mapped[bool] = mapped_column(default=True, server_default=true())
    by_pick_up: Mapped[bool] = mapped_column(default=True, server_default=true())
    # None until the member has chosen, and of what was brought to him.
    way: Mapped[Way | None] = mapped_column(
        Enum(Way, native_enum=False, length=32, values_callable=list)
    )
    # Where it is posted to; the parcel's carrier and number.
    name: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    carrier: Mapped[str] = mapped_column(default="")
    tracking: Mapped[str] = mapped_column(default="")
    # Where it is fetched, by which code.
    store_id: Mapped[int | None] = mapped_column(index=True)
    code: Mapped[str] = mapped_column(default="", index=True)
    # Who of us did the last step.
    staff_id: Mapped[int | None]
    why: Mapped[str] = mapped_column(default="")
    state: Mapped[CollectionState] = mapped_column(
        Enum(CollectionState, native_enum=False, length=32, values_callable=list),
        default=CollectionState.OWED,
        index=True,
    )
    state_since: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # SQLAlchemy reads it as it is

    def advance(self, action: CollectionAction, *, now: datetime) -> None:
        """Move along COLLECTION_MACHINE; nothing else may assign `state`. Raises IllegalMove."""
        self.state = COLLECTION_MACHINE.after(self.state, action)
        self.state_since = now

    @property
    def ways(self) -> tuple[Way, ...]:
        offered = ((Way.POST, self.by_post), (Way.PICK_UP, self.by_pick_up))
        return tuple(way for way, is_offered in offered if is_offered)

    @property
    def is_open(self) -> bool:
        return self.state is CollectionState.OWED

    @property
    def masked_phone(self) -> str:
        """138****2046, "" for none."""
        return Phone(self.phone).masked if self.phone else ""
