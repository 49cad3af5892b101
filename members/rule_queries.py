"""Which rules there are, and which of them are in force where."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import func, select

from kernel.db import Session
from kernel.errors import Missing
from kernel.words import msg
from members.ledger_models import Posting
from members.models import Member
from members.rule_models import Place, RuleAct, RuleStep, RuleVersion, place_of
from members.rule_text import RULES, STANDARD_VERSION, hash_of, read_known, standard_text
from members.rules import Rules

# Where a session keeps what it knows to be in force, and of which store a member is: it is asked
# several times in a transaction.
KNOWN, STORES = "members.rules_in_force", "members.stores_of_members"
LOOKED = "members.rules_by_version"
VERSIONS_MAX = 200
_LAST_STEPS = select(RuleStep.act, RuleStep.version, RuleStep.branch_id, RuleStep.store_id).where(
    RuleStep.id.in_(select(func.max(RuleStep.id)).group_by(RuleStep.branch_id, RuleStep.store_id))
)


class Concern(Protocol):
    """Something at a branch that concerns a member, or nobody but us: a booking, a strike, an appeal."""

    @property
    def branch_id(self) -> int | None: ...

    @property
    def member_id(self) -> int | None: ...


class RulesMissing(Missing):
    """No such version of the rules."""

    says = msg("没有找到这一版规则。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A text of the rules with who wrote it when; the standard has no author."""

    version: str
    sha256: str
    text: str
    about: str
    author_id: int
    written_at: datetime | None


STANDARD = Version(
    version=STANDARD_VERSION,
    sha256=hash_of(standard_text()),
    text=standard_text(),
    about="",
    author_id=0,
    written_at=None,
)


def governing(db: Session, concern: Concern) -> Rules:
    """Return the rules by which that is decided: see `in_force`."""
    return in_force(db, branch_id=concern.branch_id, member_id=concern.member_id)


def in_force(db: Session, *, branch_id: int | None = None, member_id: int | None = None) -> Rules:
    """Return the rules in force for that member at that branch: what the store tries that brought him,
    else what the branch tries, else what is published."""
    versions = db.info.get(KNOWN)
    if versions is None:
        versions = db.info[KNOWN] = versions_in_force(db)
    tried = {place.store_id: each for place, each in versions.items() if place and place.store_id}
    store_id = _store_of(db, member_id) if tried and member_id is not None else None
    at_branch = Place(branch_id=branch_id) if branch_id is not None else None
    version = tried.get(store_id) or versions.get(at_branch) or versions.get(None)
    return of(db, version or STANDARD_VERSION)


def versions_in_force(db: Session) -> dict[Place | None, str]:
    """Return the versions in force: under None what is published, and what is tried at which place."""
    db.flush()
    return {
        place_of(step.branch_id, step.store_id): step.version
        for step in db.connection().execute(_LAST_STEPS)
        if step.act is not RuleAct.END
    }


def all_in_force(db: Session) -> list[Rules]:
    """Return what is published and whatever is tried anywhere."""
    return [in_force(db), *(of(db, version) for version in versions_in_force(db).values())]


def know_stores(db: Session, people: Iterable[Member]) -> None:
    """Spare `in_force` the look at whom those members' first code belongs to."""
    db.info.setdefault(STORES, {}).update({row.id: row.store_id for row in people})


def _store_of(db: Session, member_id: int) -> int | None:
    known: dict[int, int | None] = db.info.setdefault(STORES, {})
    if member_id not in known:
        known[member_id] = db.scalar(select(Member.store_id).where(Member.id == member_id))
    return known[member_id]


def of(db: Session, version: str) -> Rules:
    """Return the rules under that version, which somebody cites. Raises RulesMissing."""
    if version == STANDARD_VERSION:
        return RULES
    # A version's text never changes: one look serves the transaction, one reading the process.
    looked: dict[str, Rules] = db.info.setdefault(LOOKED, {})
    if version not in looked:
        found = select(RuleVersion.text).where(RuleVersion.version == version)
        text = db.scalars(found).one_or_none()
        if text is None:
            raise RulesMissing
        looked[version] = read_known(text, version)
    return looked[version]


def cited_by(db: Session, posting: Posting) -> Rules | None:
    """Return the rules that a posting cites, None for an old one that cites none."""
    return of(db, posting.rules_version) if posting.rules_version else None


def version(db: Session, name: str) -> Version:
    """Return the version of that name. Raises RulesMissing."""
    if name == STANDARD_VERSION:
        return STANDARD
    row = db.scalars(select(RuleVersion).where(RuleVersion.version == name)).one_or_none()
    if row is None:
        raise RulesMissing
    return _version(row)


def versions(db: Session) -> list[Version]:
    """Return the newest versions, the newest first and the standard last."""
    rows = db.scalars(select(RuleVersion).order_by(RuleVersion.id.desc()).limit(VERSIONS_MAX))
    return [*map(_version, rows), STANDARD]


def steps(
    db: Session, *, version: str | None = None, store_ids: Collection[int] | None = None
) -> Sequence[RuleStep]:
    """Return the newest of what was done with the versions, or with one, or at those stores, the newest
    first."""
    found = select(RuleStep).order_by(RuleStep.id.desc()).limit(VERSIONS_MAX)
    if version is not None:
        found = found.where(RuleStep.version == version)
    if store_ids is not None:
        found = found.where(RuleStep.store_id.in_(store_ids))
    return db.scalars(found).all()


def step_after(db: Session, step: RuleStep) -> RuleStep | None:
    """Return what was done next at the place of that step, None while it stands."""
    found = select(RuleStep).where(
        RuleStep.id > step.id,
        RuleStep.branch_id == step.branch_id,
        RuleStep.store_id.is_not_distinct_from(step.store_id),
    )
    return db.scalars(found.order_by(RuleStep.id).limit(1)).one_or_none()


def was_published(db: Session, version: str) -> bool:
    """Tell whether that version was ever in force everywhere."""
    published = (RuleStep.version == version) & (RuleStep.act == RuleAct.PUBLISH)
    found = select(RuleStep.id).where(published).limit(1)
    return version == STANDARD_VERSION or db.scalar(found) is not None


def _version(row: RuleVersion) -> Version:
    return Version(
        version=row.version,
        sha256=row.sha256,
        text=row.text,
        about=row.about,
        author_id=row.author_id,
        written_at=row.written_at,
    )
