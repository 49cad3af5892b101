"""A member is forgotten while a call of his is under way: what it writes goes with him, or is not written."""

from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from flask import Flask
from sqlalchemy import select

from faces.chrome import forgetting
from kernel.actor import Role
from kernel.db import Session, transaction
from kernel.phone import Phone
from members.contact_models import Contact
from members.contacts import ContactRole
from members.operations import contacts, sign_ins
from tests.hands import in_processes
from tests.house import MONDAY_NINE, a_member
from tests.races import duels
from tests.races.duels import DONE, Act, Meet

ROUNDS = 6


class Signed(NamedTuple):
    """A member, and the session that let his call in."""

    member_id: int
    token: str


@pytest.fixture
def people(app: Flask) -> list[Signed]:
    found = []
    for place in range(ROUNDS):
        with transaction() as db:
            member_id = a_member(db, openid=f"oGone{place:023d}").id
            opened = sign_ins.open_sign_in(
                db, role=Role.MEMBER, subject_id=member_id, now=MONDAY_NINE
            )
            found.append(Signed(member_id, opened.token))
    return found


def forget(db: Session, signed: Signed) -> None:
    forgetting.forget(db, signed.member_id, now=MONDAY_NINE)


def write(db: Session, signed: Signed, *, blind: bool) -> None:
    """As `call.once` has it; blind it looks at his session no more."""
    if not blind:
        sign_ins.keep_open(db, token=signed.token)
    contacts.add_contact(
        db,
        member_id=signed.member_id,
        name="司马种下",
        phone=Phone.parse("13812345678"),
        roles=[ContactRole.AT_HOME],
        now=MONDAY_NINE,
    )


def play(people: list[Signed], url: str, data_dir: Path, *, blind: bool) -> list[list[str]]:
    def hand(place: int, meet: Meet) -> list[str]:
        act = forget if place == 0 else partial(write, blind=blind)
        acts: list[Act] = [partial(act, signed=signed) for signed in people]
        if blind:
            return duels.one_after_the_other(place, meet, acts)
        return duels.together(meet, acts)

    told = in_processes(url, hand, count=2, data_dir=data_dir)
    return [list(round_) for round_ in duels.rounds(told)]


def left() -> int:
    with transaction(reads_only=True) as db:
        return len(db.scalars(select(Contact)).all())


def test_the_stage_shows_the_fault(people: list[Signed], database_url: str, tmp_path: Path) -> None:
    assert play(people, database_url, tmp_path, blind=True) == [[DONE, DONE]] * ROUNDS
    assert left() == ROUNDS


def test_nothing_of_him_is_left(people: list[Signed], database_url: str, tmp_path: Path) -> None:
    told = play(people, database_url, tmp_path, blind=False)

    assert [forgotten for forgotten, _ in told] == [DONE] * ROUNDS
    assert {written for _, written in told} <= {DONE, "login_expired"}
    assert left() == 0
