"""Versions of the rules: kept as they were written, tried at a branch, published, put back."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from kernel.actor import Actor, Role
from kernel.db import transaction
from kernel.errors import Forbidden
from members import queries, rule_queries, strike_queries
from members.ledger_models import Posting
from members.operations import following, ruling
from members.operations.ruling import InForceAlready, NotOverAll, NotTried
from members.risk import terms
from members.rule_models import Place
from members.rule_queries import RulesMissing
from members.rule_text import RULES, RuleOutOfBounds, standard_text
from members.rules import Rules
from tests.house import MONDAY_NINE, a_member
from tests.integration.members.cases import BRANCH, DAY, SUN, ZOU, a_strike, post_due, told

OTHER, STORE = 2, 7
WHY = "先在一个网点试"
OF_BRANCH = Actor(16, Role.MANAGER, frozenset({BRANCH}))


@pytest.fixture(autouse=True)
def _member(app: Flask) -> None:
    with transaction() as db:
        a_member(db)


def a_version(*changes: tuple[str, str], by: Actor = SUN) -> str:
    """Write the standard with some places changed."""
    text = standard_text()
    for old, new in changes or [("no_show: 200", "no_show: 300")]:
        assert old in text
        text = text.replace(old, new, 1)
    with transaction() as db:
        return ruling.write(db, text=text, about="多扣一点", by=by, now=MONDAY_NINE)


def in_force(branch_id: int | None = None) -> Rules:
    with transaction(reads_only=True) as db:
        return rule_queries.in_force(db, branch_id=branch_id)


def tried(version: str, *, branch_id: int = BRANCH, by: Actor = SUN) -> None:
    at(Place(branch_id=branch_id), version, by=by)


def at(place: Place, version: str, *, by: Actor = SUN) -> None:
    with transaction() as db:
        ruling.begin_pilot(db, version=version, place=place, words=WHY, by=by, now=MONDAY_NINE)


def ended(place: Place) -> None:
    with transaction() as db:
        ruling.end_pilot(db, place=place, words=WHY, by=SUN, now=MONDAY_NINE)


def published(version: str, *, by: Actor = SUN) -> None:
    with transaction() as db:
        ruling.publish(db, version=version, words=WHY, by=by, now=MONDAY_NINE)


class TestWriting:
    def test_keeps_the_text_with_its_hash_and_its_author_and_changes_nothing_else(self) -> None:
        name = a_version()

        with transaction(reads_only=True) as db:
            kept = rule_queries.version(db, name)
        assert (kept.author_id, kept.written_at, kept.about) == (SUN.id, MONDAY_NINE, "多扣一点")
        assert name == f"2026-11-23-{kept.sha256[:8]}"
        assert in_force() is RULES

    def test_the_same_text_is_the_same_version(self) -> None:
        assert a_version() == a_version()
        assert a_version(("# 积分\n", "# 积分\r\n")) == RULES.version

    def test_is_for_leaders_and_for_what_can_be_read(self) -> None:
        with pytest.raises(Forbidden):
            a_version(by=ZOU)
        with pytest.raises(RuleOutOfBounds):
            a_version(("no_show: 200", "no_show: many"))


class TestAPilot:
    def test_is_in_force_at_its_branch_only_until_it_ends(self) -> None:
        name = a_version()

        tried(name)
        assert (in_force(BRANCH).version, in_force(OTHER), in_force()) == (name, RULES, RULES)

        ended(Place(branch_id=BRANCH))
        assert in_force(BRANCH) is RULES
        assert told() == ["RulesTried", "RulesTried"]

    def test_is_refused_outside_the_own_branches_twice_or_of_nothing(self) -> None:
        name = a_version()
        tried(name, by=OF_BRANCH)

        with pytest.raises(InForceAlready):
            tried(name)
        with pytest.raises(Forbidden):
            tried(name, branch_id=OTHER, by=OF_BRANCH)
        with pytest.raises(RulesMissing):
            tried("2026-01-01-00000000", branch_id=OTHER)
        with pytest.raises(NotTried):
            ended(Place(branch_id=OTHER))


class TestAPilotAtAStore:
    def test_is_in_force_for_whom_its_code_brought_wherever_he_is(self) -> None:
        store = Place(branch_id=BRANCH, store_id=STORE)
        of_branch, of_store = a_version(), a_version(("no_show: 200", "no_show: 100"))
        with transaction() as db:
            his = queries.member(db, 1).openid
            following.follow(db, openid=his, scene="st_1", now=MONDAY_NINE)
            other = a_member(db, openid="oNoStore").id
            for scene, store_id in (("st_else", OTHER), ("st_1", STORE), ("st_1", OTHER)):
                following.belong(db, member_id=1, scene=scene, store_id=store_id)
        tried(of_branch)
        at(store, of_store)

        def versions() -> list[str]:
            with transaction(reads_only=True) as db:
                return [
                    rule_queries.in_force(db, branch_id=branch_id, member_id=member_id).version
                    for branch_id in (BRANCH, OTHER)
                    for member_id in (1, other, None)
                ]

        rest = RULES.version
        assert versions() == [of_store, of_branch, of_branch, of_store, rest, rest]
        assert a_strike().rules_version == of_store

        ended(store)
        assert versions() == [of_branch, of_branch, of_branch, rest, rest, rest]
        with pytest.raises(Forbidden):
            at(Place(branch_id=OTHER, store_id=STORE), of_store, by=OF_BRANCH)

    def test_ends_when_its_version_is_published(self) -> None:
        name = a_version()
        at(Place(branch_id=BRANCH, store_id=STORE), name)

        published(name)

        with transaction(reads_only=True) as db:
            assert rule_queries.versions_in_force(db) == {None: name}


class TestPublishing:
    def test_is_in_force_everywhere_but_where_another_is_tried_and_can_be_taken_back(self) -> None:
        name, other = a_version(), a_version(("no_show: 200", "no_show: 100"))
        tried(name)
        tried(other, branch_id=OTHER)

        published(name)
        assert [in_force(b).version for b in (None, BRANCH, OTHER)] == [name, name, other]

        published(RULES.version)
        assert [in_force(b).version for b in (None, BRANCH, OTHER)] == ["2026-11", "2026-11", other]
        with transaction(reads_only=True) as db:
            assert rule_queries.was_published(db, name)
            assert not rule_queries.was_published(db, other)

    def test_is_for_who_leads_every_branch(self) -> None:
        with pytest.raises(NotOverAll):
            published(a_version(), by=OF_BRANCH)


class TestWhatWasDecided:
    def test_a_strike_takes_and_cites_what_was_in_force_at_its_branch(self) -> None:
        name = a_version()
        tried(name)
        strike = a_strike()
        ended(Place(branch_id=BRANCH))
        post_due(MONDAY_NINE + DAY)

        assert (strike.points, strike.rules_version) == (300, name)
        with transaction(reads_only=True) as db:
            cited = set(db.scalars(select(Posting.rules_version)))
            assert queries.standing_of(db, 1, now=MONDAY_NINE + DAY).version == RULES.version
        assert cited == {name}

    def test_a_blacklisting_follows_from_the_rules_of_the_strike_that_began_it(self) -> None:
        tried(a_version(("strikes: 3 ", "strikes: 1 "), ("for_days: 90 ", "for_days: 10 ")))
        a_strike()
        ended(Place(branch_id=BRANCH))
        post_due(MONDAY_NINE + DAY)

        with transaction(reads_only=True) as db:
            [term] = terms(strikes=strike_queries.strike_facts(db, 1))
            [stored] = strike_queries.blacklistings_of(db, member_id=1)
        assert (stored.begins_at, stored.until) == (term.begins_at, term.until)
        assert term.until - term.begins_at == timedelta(days=10)
