"""Two web processes are told the same of several people at one moment, each in an order of its own.

The race runs twice: as it is, and with each process believing what it saw before, to show that the
stage can show the fault.
"""

import random
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from conversations import inbox
from conversations.models import InboxRow
from gateways.wechat.messages import Followed, Incoming, Scanned, TextSaid, Unfollowed
from kernel.db import Session, transaction
from kernel.outbox import OutboxRow
from members.models import Touch
from members.operations import following
from tests.hands import in_processes
from tests.house import MONDAY_NINE
from tests.races.duels import Meet

HANDS, ROUNDS, PEOPLE = 2, 8, 6


def acts(number: int) -> list[Incoming]:
    """Return what some people do in that round: the odd ones are members since before."""
    told: list[Incoming] = []
    for who in range(PEOPLE):
        openid = f"oRace{number:02d}{who:02d}"
        by: dict[str, Any] = {"openid": openid, "account": "gh_1", "sent_at_s": 9}
        key = f"{number} {who}"
        told += [
            Followed(**by, dedupe_key=f"{key} f", scene="st_1", ticket=""),
            Scanned(**by, dedupe_key=f"{key} s", scene="st_2", ticket=""),
            TextSaid(**by, dedupe_key=f"{key} t", text="我的预约"),
        ]
        if who % 3 == 0:
            told.append(Unfollowed(**by, dedupe_key=f"{key} u"))
    return told


def take_in(place: int, meet: Meet, *, is_blind: bool) -> list[list[str]]:
    """Take in what is told in each round; return the answers by key."""
    answers = []
    for number in range(ROUNDS):
        told = acts(number)
        random.Random(place).shuffle(told)
        if is_blind:
            _believe_what_is_seen(told)
        meet()
        with transaction() as db:
            got = inbox.receive(db, told, public_base="https://x", now=MONDAY_NINE)
        answers.append(
            [answer for _, answer in sorted(zip([m.dedupe_key for m in told], got, strict=True))]
        )
    return answers


def _believe_what_is_seen(told: list[Incoming]) -> None:
    """Take for new whatever was not there before the others came."""
    asked = [message.dedupe_key for message in told]
    with transaction(reads_only=True) as db:
        seen = set(db.scalars(select(InboxRow.dedupe_key).where(InboxRow.dedupe_key.in_(asked))))

    def kept(
        db: Session, told: Mapping[str, Incoming], answered: Mapping[str, str]
    ) -> Collection[str]:
        keep(db, told, answered)
        return told.keys() - seen

    keep, inbox._kept = _KEPT, kept


_KEPT = inbox._kept


def raced(url: str, folder: Path, *, is_blind: bool) -> list[list[list[str]]]:
    with transaction() as db:
        for number in range(ROUNDS):
            for who in range(1, PEOPLE, 2):
                following.meet(db, openid=f"oRace{number:02d}{who:02d}", now=MONDAY_NINE)
    hand = partial(take_in, is_blind=is_blind)
    return in_processes(url, hand, count=HANDS, data_dir=folder)


def counts() -> tuple[int, int, int]:
    """Return how many acts are kept, how often codes were met, and followings and scans told."""
    with transaction(reads_only=True) as db:
        return tuple(  # type: ignore[return-value]  # three of them
            db.scalar(select(func.count()).select_from(model)) or 0
            for model in (InboxRow, Touch, OutboxRow)
        )


class TestToldTwice:
    def test_the_stage_shows_the_fault(self, app: Flask, database_url: str, tmp_path: Path) -> None:
        raced(database_url, tmp_path, is_blind=True)

        _, touches, events = counts()
        assert touches > 2 * ROUNDS * PEOPLE
        assert events > 2 * ROUNDS * PEOPLE

    def test_each_act_counts_once_and_is_answered_alike(
        self, app: Flask, database_url: str, tmp_path: Path
    ) -> None:
        one, other = raced(database_url, tmp_path, is_blind=False)

        assert one == other
        assert counts() == (
            sum(len(acts(number)) for number in range(ROUNDS)),
            2 * ROUNDS * PEOPLE,
            2 * ROUNDS * PEOPLE,
        )
