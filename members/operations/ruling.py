"""Versions of the rules: written, tried at a branch, published, and the former one put back."""

from datetime import datetime

from sqlalchemy import select

from kernel import outbox
from kernel.actor import Actor, Role
from kernel.clock import local_date
from kernel.db import Session, insert_once
from kernel.errors import Conflict, Forbidden
from kernel.words import msg
from members import policy, rule_queries, rule_text
from members.events import RulesPublished, RulesTried
from members.rule_models import Place, RuleAct, RuleStep, RuleVersion
from members.rule_text import STANDARD_VERSION

ABOUT_MIN, ABOUT_MAX = 4, 120
RULERS = frozenset({Role.MANAGER, Role.ADMINISTRATOR})


class InForceAlready(Conflict):
    """That version is in force there."""

    code = "in_force_already"
    says = msg("这一版已经在用了。")


class NotOverAll(Conflict):
    """Whose scope are some branches asks for what concerns all."""

    code = "not_over_all"
    says = msg("你只管部分网点，不能让它在所有网点生效；可以先在自己的网点试点。")


class NotTried(Conflict):
    """That branch tries nothing out."""

    code = "not_tried"
    says = msg("这个网点没有在试点。")


def write(db: Session, *, text: str, about: str, by: Actor, now: datetime) -> str:
    """Keep a text of the rules and return its version; the same text is the same version.

    Nothing is in force by it. Raises Forbidden, and Invalid for what cannot be read.
    """
    _check_ruler(by)
    policy.check_length(about, field="about", least=ABOUT_MIN, most=ABOUT_MAX)
    text = text.replace("\r\n", "\n").rstrip() + "\n"
    sha256 = rule_text.hash_of(text)
    if sha256 == rule_queries.STANDARD.sha256:
        return rule_queries.STANDARD.version
    version = rule_text.version_of(text, day=local_date(now))
    rule_text.read(text, version=version)

    row = {
        "version": version,
        "sha256": sha256,
        "text": text,
        "about": about.strip(),
        "author_id": by.id,
        "written_at": now,
    }
    known = select(RuleVersion.version).where(RuleVersion.sha256 == sha256)
    if db.scalar(known) is None:
        insert_once(db, RuleVersion.__table__, [row], by="sha256")
    return db.scalars(known).one()


def begin_pilot(
    db: Session, *, version: str, place: Place, words: str, by: Actor, now: datetime
) -> None:
    """Let a version be in force at one branch, or for the members of one of its stores; what was tried
    there before ends.

    Raises Forbidden, RulesMissing, InForceAlready, Invalid.
    """
    _check_ruler(by)
    if not by.sees_branch(place.branch_id):
        raise Forbidden
    versions = _locked(db)
    wide = versions.get(Place(branch_id=place.branch_id)) or versions.get(None, STANDARD_VERSION)
    if versions.get(place, wide) == rule_queries.of(db, version).version:
        raise InForceAlready
    policy.check_length(words, field="words", least=ABOUT_MIN, most=policy.WORDS_MAX)

    _step(db, RuleAct.PILOT, version, place=place, words=words, by=by, now=now)
    _tell(db, version, place, is_over=False, now=now)


def end_pilot(db: Session, *, place: Place, words: str, by: Actor, now: datetime) -> None:
    """Let be in force there again what is so around it. Raises Forbidden, NotTried, Invalid."""
    _check_ruler(by)
    if not by.sees_branch(place.branch_id):
        raise Forbidden
    tried = _locked(db).get(place)
    if tried is None:
        raise NotTried
    policy.check_length(words, field="words", least=ABOUT_MIN, most=policy.WORDS_MAX)

    _step(db, RuleAct.END, tried, place=place, words=words, by=by, now=now)
    _tell(db, tried, place, is_over=True, now=now)


def publish(db: Session, *, version: str, words: str, by: Actor, now: datetime) -> None:
    """Let a version be in force everywhere, be it a new or a former one; where it was tried, the trial
    is over. What was decided under another stays as it was decided.

    Raises Forbidden, NotOverAll, RulesMissing, InForceAlready, Invalid.
    """
    _check_ruler(by)
    if by.branch_ids:
        raise NotOverAll
    versions = _locked(db)
    if versions.get(None, STANDARD_VERSION) == rule_queries.of(db, version).version:
        raise InForceAlready
    policy.check_length(words, field="words", least=ABOUT_MIN, most=policy.WORDS_MAX)

    for place, tried in versions.items():
        if place is not None and tried == version:
            _step(db, RuleAct.END, version, place=place, words=words, by=by, now=now)
    _step(db, RuleAct.PUBLISH, version, place=None, words=words, by=by, now=now)
    outbox.record(db, RulesPublished(at=now, version=version))


def _check_ruler(by: Actor) -> None:
    if by.role not in RULERS:
        raise Forbidden


def _locked(db: Session) -> dict[Place | None, str]:
    """Return what is in force where. One hand at a time changes it: the last step is what the next one
    sees."""
    db.scalars(select(RuleStep).order_by(RuleStep.id.desc()).limit(1).with_for_update()).first()
    return rule_queries.versions_in_force(db)


def _tell(db: Session, version: str, place: Place, *, is_over: bool, now: datetime) -> None:
    told = RulesTried(
        at=now,
        version=version,
        branch_id=place.branch_id,
        store_id=place.store_id or 0,
        is_over=is_over,
    )
    outbox.record(db, told)


def _step(
    db: Session,
    act: RuleAct,
    version: str,
    *,
    place: Place | None,
    words: str,
    by: Actor,
    now: datetime,
) -> None:
    db.add(
        RuleStep(
            act=act,
            version=version,
            branch_id=place.branch_id if place else None,
            store_id=place.store_id if place else None,
            actor_id=by.id,
            words=words.strip(),
            at=now,
        )
    )
    db.flush()
    db.info.pop(rule_queries.KNOWN, None)
