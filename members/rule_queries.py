"""Which rules there are, and which of them are in force where."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from kernel.db import Session
from kernel.errors import Missing
from kernel.words import msg
from members.ledger_models import Posting
from members.rule_models import RuleAct, RuleStep, RuleVersion
from members.rule_text import RULES, STANDARD_VERSION, hash_of, read_known, standard_text
from members.rules import Rules

# Where a session keeps what it knows to be in force: it is asked several times in a transaction.
KNOWN = "members.rules_in_force"
VERSIONS_MAX = 200
_LAST_STEPS = select(RuleStep.branch_id, RuleStep.act, RuleStep.version).where(
    RuleStep.id.in_(select(func.max(RuleStep.id)).group_by(RuleStep.branch_id))
)


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


def in_force(db: Session, *, branch_id: int | None = None) -> Rules:
    """Return the rules in force at that branch, or where nothing is tried out."""
    places = db.info.get(KNOWN)
    if places is None:
        places = db.info[KNOWN] = in_force_by_branch(db)
    version = places.get(branch_id) or places.get(None, STANDARD_VERSION)
    return of(db, version)


def in_force_by_branch(db: Session) -> dict[int | None, str]:
    """Return the versions in force: under None what is published, and what branches try out."""
    return {
        branch_id: version
        for branch_id, act, version in db.execute(_LAST_STEPS)
        if act is not RuleAct.END
    }


def of(db: Session, version: str) -> Rules:
    """Return the rules under that version, which somebody cites. Raises RulesMissing."""
    if version == STANDARD_VERSION:
        return RULES
    # A version's text never changes: one reading serves the process.
    text = db.scalars(select(RuleVersion.text).where(RuleVersion.version == version)).one_or_none()
    if text is None:
        raise RulesMissing
    return read_known(text, version)


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
    db: Session, *, version: str | None = None, branch_id: int | None = None
) -> Sequence[RuleStep]:
    """Return the newest of what was done with the versions, or with one, at one branch, the newest
    first."""
    found = select(RuleStep).order_by(RuleStep.id.desc()).limit(VERSIONS_MAX)
    if version is not None:
        found = found.where(RuleStep.version == version)
    if branch_id is not None:
        found = found.where(RuleStep.branch_id == branch_id)
    return db.scalars(found).all()


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
