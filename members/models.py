"""People and their sign-ins."""

from datetime import datetime

from sqlalchemy import JSON, Enum, ForeignKey, false, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.actor import Role
from kernel.db import Base, Instant, Sealed
from kernel.names import surname_of
from kernel.phone import Phone
from members.merging import CALLER, has_wechat


class Member(Base):
    """A person who books, known by the openid WeChat gave him for our account."""

    __tablename__ = "members_member"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    # WeChat's name for him in our account; of a caller whom one of us wrote down, `merging.CALLER` and
    # something random.
    openid: Mapped[str] = mapped_column(unique=True)
    # His one name in all accounts of our company, where WeChat tells it.
    unionid: Mapped[str] = mapped_column(default="", server_default=text("''"), index=True)
    name: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="", index=True)
    # When he proved that this phone is his; none for a phone that was only typed.
    phone_confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    follows: Mapped[bool] = mapped_column(default=False)
    # The scenes of the QR codes that first and last brought him; empty when he came by himself.
    first_scene: Mapped[str] = mapped_column(default="")
    last_scene: Mapped[str] = mapped_column(default="", index=True)
    # The store whose code brought him first, for ever; none where none did.
    store_id: Mapped[int | None]
    joined_at: Mapped[datetime] = mapped_column(Instant)
    # When we last wrote to him by ourselves: news, or a care plan's tips.
    heard_at: Mapped[datetime | None] = mapped_column(Instant)
    # Since then nobody knows who he was: see members.personal.
    erased_at: Mapped[datetime | None] = mapped_column(Instant)
    # Into whom he was merged: this row is a pointer from then on.
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("members_member.id"), index=True)

    @property
    def has_wechat(self) -> bool:
        """Tell whether he can be reached in WeChat; a caller whom one of us wrote down cannot,
        nor who was forgotten."""
        return has_wechat(self.openid)

    @property
    def is_caller(self) -> bool:
        """Tell whether one of us wrote him down, and WeChat does not know him yet."""
        return self.openid.startswith(CALLER)

    @property
    def masked_phone(self) -> str:
        """138****2046, "" while he has told none."""
        return Phone(self.phone).masked if self.phone else ""

    @property
    def masked_name(self) -> str:
        """林**, or what is known of him while he has told no name."""
        return f"{surname_of(self.name)}**" if self.name.strip() else self.number[-4:]


class Staff(Base):
    """Somebody who signs in to the console with a password."""

    __tablename__ = "members_staff"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[Role] = mapped_column(
        Enum(Role, native_enum=False, length=32, values_callable=list)
    )
    branch_ids: Mapped[list[int]] = mapped_column(JSON, default=list)
    # Of a store's people: whose followers they answer. Nullable only because neither database could
    # add the column otherwise.
    store_ids: Mapped[list[int]] = mapped_column(JSON, default=list, nullable=True)
    password_hash: Mapped[str]
    disabled_at: Mapped[datetime | None] = mapped_column(Instant)
    # Wrong passwords since the last right one, and until when no further try is looked at.
    failures: Mapped[int] = mapped_column(default=0)
    shut_until: Mapped[datetime | None] = mapped_column(Instant)
    # His one-time codes (RFC 6238): the secret once there is one, whether he has proved that his
    # phone knows it, and the last step that was used up.
    totp_secret: Mapped[str] = mapped_column(Sealed, default="")
    has_totp: Mapped[bool] = mapped_column(default=False)
    totp_step: Mapped[int] = mapped_column(default=0)
    # The password was set by somebody else: it lets him in once, to set his own.
    must_renew: Mapped[bool] = mapped_column(default=False)


class ApiClient(Base):
    """Another program that calls the API. It acts as an account of its own that has no password;
    the token is known to the program alone, this row has its hash."""

    __tablename__ = "members_api_client"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("members_staff.id"), unique=True)
    # What it may do, as `bookings:write`.
    scopes: Mapped[list[str]] = mapped_column(JSON)
    token_hash: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime] = mapped_column(Instant)


class SignIn(Base):
    """One session on one device; the cookie holds the token, this row only its hash."""

    __tablename__ = "members_sign_in"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[Role] = mapped_column(
        Enum(Role, native_enum=False, length=32, values_callable=list)
    )
    # The id among his kind: a member, a technician or a member of staff.
    subject_id: Mapped[int] = mapped_column(index=True)
    csrf_token: Mapped[str]
    # `open`, or what is still to be done before anything else can be: see members.operations.staff.
    stage: Mapped[str] = mapped_column(default="open")
    opened_at: Mapped[datetime] = mapped_column(Instant)
    # When he last proved who he is; empty means at the opening.
    proved_at: Mapped[datetime | None] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)


class OAuthState(Base):
    """A trip to WeChat's sign-in under way: one use, ten minutes, bound to a cookie."""

    __tablename__ = "members_oauth_state"

    state: Mapped[str] = mapped_column(primary_key=True)
    cookie_hash: Mapped[str]
    return_path: Mapped[str]
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)


class Consent(Base):
    """A member agreed to one version of one notice, or took it back; only ever added to."""

    __tablename__ = "members_consent"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), index=True)
    # One of privacy.ConsentKind.
    kind: Mapped[str]
    version: Mapped[str]
    is_given: Mapped[bool]
    at: Mapped[datetime] = mapped_column(Instant)


class ErasureRequest(Base):
    """One of us asked that a member who called or wrote be forgotten; another is to confirm it."""

    __tablename__ = "members_erasure_request"

    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), primary_key=True)
    # How he asked, and how we know that it is he.
    why: Mapped[str]
    asked_by_id: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(Instant)


class Touch(Base):
    """A member met one of our QR codes."""

    __tablename__ = "members_touch"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), index=True)
    scene: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    # By this scan he began to follow.
    followed: Mapped[bool] = mapped_column(default=False, server_default=false())
