"""Writing to members by ourselves: nobody hears of us more often than once within CAP, whoever sends."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_, update

from kernel.db import Session
from kernel.errors import Conflict
from kernel.words import msg
from members import tag_queries
from members.models import Member
from members.tagging import CAP, may_tell


class NotByNight(Conflict):
    """News goes by day alone."""

    code = "not_by_night"
    says = msg("现在是休息时间，9–20 点才发消息。")


class NotFollowing(Conflict):
    """Who does not follow the account hears nothing through it."""

    code = "not_following"
    says = msg("他没有关注服务号，收不到消息，请打电话。")


class WantsNoNews(Conflict):
    """He turned off what is not about his own bookings and account."""

    code = "wants_no_news"
    says = msg("他关掉了活动消息，不能发。")


class HeardLately(Conflict):
    """He heard from us within CAP."""

    code = "heard_lately"
    says = msg("7 天内已经给他发过消息，过几天再发，或打电话。")


def tell_one(db: Session, member: Member, *, now: datetime) -> None:
    """Take the one time within CAP that he may be told something.

    Raises NotByNight, NotFollowing, WantsNoNews, HeardLately.
    """
    if not may_tell(now):
        raise NotByNight
    if not member.follows:
        raise NotFollowing
    if not tag_queries.wants_news(db, member.id):
        raise WantsNoNews
    if not claim(db, [member.id], now=now):
        raise HeardLately


def claim(db: Session, member_ids: Collection[int], *, now: datetime) -> set[int]:
    """Write down that these members hear from us now; return those of them who had not within CAP.

    One statement looks and writes, so that two who send at once do not both get the same member.
    """
    due = or_(Member.heard_at.is_(None), Member.heard_at <= now - CAP)
    marked = update(Member).where(Member.id.in_(sorted(member_ids)), due).values(heard_at=now)
    return set(db.scalars(marked.returning(Member.id)))
