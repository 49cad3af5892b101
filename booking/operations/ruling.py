"""Rules are written with examples that hold, and come into force once a month was replayed under them."""

from datetime import datetime, timedelta

from booking import replay_queries, rule_examples
from booking.replay_models import Replay
from kernel.actor import Actor
from kernel.clock import local_date, midnight
from kernel.db import Session, ring_after_commit
from kernel.errors import Conflict, Forbidden
from kernel.leases import PENDING
from kernel.numbers import new_number
from kernel.words import msg
from members import rule_queries
from members.operations import ruling
from members.operations.ruling import RULERS, InForceAlready
from members.rule_models import Place

BELL = "replays"
SPAN = timedelta(days=30)


class NotReplayed(Conflict):
    """Nobody has seen yet whom that version would treat otherwise."""

    code = "not_replayed"
    says = msg("请先回放最近 30 天，看清谁会受影响，再试点或发布。")


def write(db: Session, *, text: str, about: str, by: Actor, now: datetime) -> str:
    """Keep a text of the rules whose examples hold; return its version. Raises as
    `members.operations.ruling.write`, and ExampleFails, ExampleUnfit."""
    version = ruling.write(db, text=text, about=about, by=by, now=now)
    rule_examples.check(rule_queries.of(db, version), field="text")
    return version


def ask_replay(db: Session, *, version: str, by: Actor, now: datetime) -> Replay:
    """Ask that the last SPAN of whole days be lived once more under that version instead of what is
    published. Raises Forbidden, RulesMissing, InForceAlready."""
    if by.role not in RULERS:
        raise Forbidden
    against = rule_queries.in_force(db).version
    if rule_queries.of(db, version).version == against:
        raise InForceAlready
    waiting = replay_queries.last_of(db, version=version)
    if waiting is not None and waiting.state == PENDING and waiting.against == against:
        return waiting

    until = midnight(local_date(now))
    row = Replay(
        number=new_number("Y"),
        version=version,
        against=against,
        since=until - SPAN,
        until=until,
        asked_by=by.id,
        asked_at=now,
    )
    db.add(row)
    db.flush()
    ring_after_commit(db, BELL)
    return row


def begin_pilot(
    db: Session, *, version: str, place: Place, words: str, by: Actor, now: datetime
) -> None:
    """Try a version at one place. Raises as `members.operations.ruling.begin_pilot`, and NotReplayed."""
    _check_replayed(db, version)
    ruling.begin_pilot(db, version=version, place=place, words=words, by=by, now=now)


def publish(db: Session, *, version: str, words: str, by: Actor, now: datetime) -> None:
    """Let a version be in force everywhere. Raises as `members.operations.ruling.publish`, and
    NotReplayed for what was never in force before."""
    _check_replayed(db, version)
    ruling.publish(db, version=version, words=words, by=by, now=now)


def _check_replayed(db: Session, version: str) -> None:
    against = rule_queries.in_force(db).version
    if rule_queries.was_published(db, version) or version == against:
        return
    if not replay_queries.was_replayed(db, version=version, against=against):
        raise NotReplayed
