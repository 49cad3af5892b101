"""kill -9 of a web process around the commit of several people's callbacks: WeChat tells each again, and
each is taken in once.

Rows "kill -9, web, before commit" and "after commit before answer", for callbacks that are written
together.
"""

import functools
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from conversations.models import InboxRow
from kernel import together
from kernel.db import Session, transaction
from members.models import Member, Touch
from scripts.bench.calling import letters
from scripts.bench.calling.letters import Mail, Post, hand_in
from tests.faults.lives import Fork
from tests.house import an_app, close_connections
from tests.patience import WAIT_S

PEOPLE = 6
SCENE = "st_nobody"
POST = Post(is_sealed=True)
# So that all have come before the first of them writes.
GATHERING_S = 1.0


def mails() -> list[Mail]:
    """Return how each of some people begins to follow, freshly signed as WeChat does each time."""
    return [
        POST.send(
            letters.written(
                {
                    "ToUserName": "gh_door",
                    "FromUserName": f"oFollower{number}",
                    "CreateTime": "1795395600",
                    "MsgType": "event",
                    "Event": "subscribe",
                    "EventKey": f"qrscene_{SCENE}",
                    "Ticket": "tk",
                }
            ),
            nonce=f"n{number}",
        )
        for number in range(PEOPLE)
    ]


def rows(model: type[InboxRow | Member | Touch]) -> int:
    with transaction(reads_only=True) as db:
        return db.scalar(select(func.count()).select_from(model)) or 0


def _die_if_something_was_told(db: Session) -> None:
    """Die in the transaction of those who follow, which has all of them."""
    if db.info.get("bells"):
        os.kill(os.getpid(), signal.SIGKILL)


def die_at(moment: str, make_app: Callable[[], Flask]) -> int | None:
    """Let a process of its own take all mails in at once, and die at that moment of their transaction."""

    def act() -> None:
        made = make_app()
        together.GATHER_S_MAX = GATHERING_S
        made.extensions["doorbell.callbacks"]._letters._expected = PEOPLE
        event.listen(Session, moment, _die_if_something_was_told)
        hands = [threading.Thread(target=hand_in, args=(made, mail)) for mail in mails()]
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join(WAIT_S)

    close_connections()
    return Fork(make_app, act).ended()


@pytest.mark.parametrize(
    ("moment", "stored"),
    [
        pytest.param("before_commit", 0, id="before_the_commit_nothing_is_stored"),
        pytest.param("after_commit", PEOPLE, id="after_the_commit_all_is_stored"),
    ],
)
def test_told_again_each_is_taken_in_once(
    app: Flask, database_url: str, tmp_path: Path, moment: str, stored: int
) -> None:
    make_app = functools.partial(
        an_app,
        database_url,
        data_dir=tmp_path,
        WECHAT_APPID=letters.APPID,
        WECHAT_TOKEN=letters.TOKEN,
        WECHAT_AES_KEY=letters.AES_KEY,
    )

    assert die_at(moment, make_app) == -signal.SIGKILL

    # None of them, or all: those who wait together are in one transaction.
    assert (rows(InboxRow), rows(Member), rows(Touch)) == (stored, stored, stored)
    again = make_app()
    with again.app_context():
        answers = [hand_in(again, mail) for _ in range(2) for mail in mails()]
        close_connections()
    assert {status for status, _ in answers} == {200}
    assert all(b"<Encrypt>" in body for _, body in answers)
    assert (rows(InboxRow), rows(Member), rows(Touch)) == (PEOPLE, PEOPLE, PEOPLE)
