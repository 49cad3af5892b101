"""What a member did and what was decided about him, and the blacklistings that follow from it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from members.rules import Rules, StrikeKind

# --- Facts ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StrikeFact:
    """A posted strike: it happened at `at` and counts from `posted_at` until it is reversed.

    `seq` and `reversed_seq` are the places of both in the ledger, which say what came first when two
    bear the same time. `member_id` is to whom it was posted, who may be merged since.
    """

    number: str
    kind: StrikeKind
    at: datetime
    posted_at: datetime
    seq: int
    # Under which it was recorded, and by which it may begin a blacklisting.
    rules: Rules
    reversed_at: datetime | None = None
    reversed_seq: int | None = None
    member_id: int = 0

    def stands(self, now: datetime) -> bool:
        """Tell whether it is posted and not reversed; the instants of both belong to what follows."""
        return self.posted_at <= now and (self.reversed_at is None or now < self.reversed_at)

    def stood(self, seq: int) -> bool:
        """Tell whether it was posted and not reversed when the account had come to `seq`."""
        return self.seq <= seq and (self.reversed_seq is None or seq < self.reversed_seq)


class OverrideKind(StrEnum):
    """What two persons may decide by hand."""

    RELEASE = "release"
    BLACKLIST = "blacklist"


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideFact:
    """What a second person confirmed at `at`; a blacklisting by hand ends at `until`."""

    number: str
    kind: OverrideKind
    at: datetime
    until: datetime | None = None
    member_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeFact:
    """From `at` on what was about one member is about the other, into whom he was merged."""

    number: str
    at: datetime
    gone_id: int
    kept_id: int
    rules: Rules


def whose(member_id: int, merges: Sequence[MergeFact], *, at: datetime) -> int:
    """Return into whom the member was merged by then, himself when into nobody."""
    for merge in sorted(merges, key=lambda merge: merge.at):
        if merge.at <= at and merge.gone_id == member_id:
            member_id = merge.kept_id
    return member_id


# --- Blacklist ------------------------------------------------------------------------------


class TermEnding(StrEnum):
    """Why a blacklisting ended before its time."""

    REVERSED = "reversed"
    RELEASED = "released"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One blacklisting: in force from `begins_at` until `until`, or until it was `ended_at`.

    `cause` is `strike:NUMBER` of the strike that completed the count, or `override:NUMBER`.
    """

    cause: str
    begins_at: datetime
    until: datetime
    strikes: tuple[str, ...] = ()
    ended_at: datetime | None = None
    ending: TermEnding | None = None
    # Those of the strike that began it; none of what two persons decided.
    rules: Rules | None = None

    def in_force(self, now: datetime) -> bool:
        """Tell whether it stops bookings at `now`: its first instant included, its last not."""
        return self.begins_at <= now < (self.ended_at or self.until)


def terms(
    *,
    strikes: Sequence[StrikeFact],
    overrides: Sequence[OverrideFact] = (),
    merges: Sequence[MergeFact] = (),
) -> tuple[Term, ...]:
    """Return every blacklisting there ever was, by beginning, in whatever order the facts come.

    Each strike that is posted as one of `blacklist_strikes` within `blacklist_within`, by the rules
    under which it was recorded, begins one: other rules later change nothing of it. So does a merge of
    two members whose strikes are as many only together. It ends early when too few of its strikes are
    left, when the strike that began it is reversed, or by a release. What was about a member who is
    merged since counts for the other from the merge on.
    """
    found = [(s.member_id, _term_of(s, _alike(s, strikes, merges))) for s in strikes]
    found += [(o.member_id, _term_by_hand(o)) for o in overrides]
    found += [(m.kept_id, _term_of_merge(m, strikes, merges)) for m in merges]
    ended = [
        _ended(term, strikes, _releases(term, member_id, overrides, merges))
        for member_id, term in found
        if term is not None
    ]
    return tuple(sorted(ended, key=lambda term: (term.begins_at, term.cause)))


def _alike(
    last: StrikeFact, strikes: Sequence[StrikeFact], merges: Sequence[MergeFact]
) -> list[StrikeFact]:
    """Return the strikes of whom `last` befell, as he was known when it was posted."""
    at = last.posted_at
    one = whose(last.member_id, merges, at=at)
    return [s for s in strikes if whose(s.member_id, merges, at=at) == one]


def _term_of(last: StrikeFact, strikes: Sequence[StrikeFact]) -> Term | None:
    stood = [strike for strike in strikes if strike.stood(last.seq)]
    return _term(f"strike:{last.number}", stood, begins_at=last.posted_at, rules=last.rules)


def _term_of_merge(
    merge: MergeFact, strikes: Sequence[StrikeFact], merges: Sequence[MergeFact]
) -> Term | None:
    before = [other for other in merges if other is not merge and other.at <= merge.at]
    sides: dict[int, list[StrikeFact]] = {merge.gone_id: [], merge.kept_id: []}
    for strike in strikes:
        side = sides.get(whose(strike.member_id, before, at=merge.at))
        if side is not None and strike.stands(merge.at):
            side.append(strike)

    def term(stood: Sequence[StrikeFact]) -> Term | None:
        return _term(f"merge:{merge.number}", stood, begins_at=merge.at, rules=merge.rules)

    gone, kept = sides.values()
    # Whose own strikes were as many has had his term.
    return None if term(gone) or term(kept) else term([*gone, *kept])


def _term(
    cause: str, stood: Sequence[StrikeFact], *, begins_at: datetime, rules: Rules
) -> Term | None:
    """Return the term that begins then by the strikes that stood, None when they are too few."""
    together = sorted(
        (strike.at, strike.number)
        for strike in stood
        if begins_at < strike.at + rules.blacklist_within
    )
    if len(together) < rules.blacklist_strikes:
        return None
    return Term(
        cause=cause,
        begins_at=begins_at,
        until=begins_at + rules.blacklist_for,
        strikes=tuple(number for _, number in together),
        rules=rules,
    )


def _term_by_hand(override: OverrideFact) -> Term | None:
    if override.kind is not OverrideKind.BLACKLIST:
        return None
    assert override.until is not None
    return Term(cause=f"override:{override.number}", begins_at=override.at, until=override.until)


def _releases(
    term: Term,
    member_id: int,
    overrides: Sequence[OverrideFact],
    merges: Sequence[MergeFact],
) -> list[datetime]:
    """Return when the term of that member was lifted: by a release of whoever he was by then."""
    return [
        o.at
        for o in overrides
        if o.kind is OverrideKind.RELEASE
        and term.begins_at <= o.at < term.until
        and whose(o.member_id, merges, at=o.at) == whose(member_id, merges, at=o.at)
    ]


def _ended(term: Term, strikes: Sequence[StrikeFact], releases: Sequence[datetime]) -> Term:
    ends = [(at, TermEnding.RELEASED) for at in releases]
    reversals = sorted(
        strike.reversed_at
        for strike in strikes
        if strike.number in term.strikes and strike.reversed_at is not None
    )
    # The reversal after which too few are left.
    spare = len(term.strikes) - (term.rules.blacklist_strikes if term.rules else 0)
    fatal = reversals[spare : spare + 1] if term.strikes else []
    fatal += [
        strike.reversed_at
        for strike in strikes
        if term.cause == f"strike:{strike.number}" and strike.reversed_at is not None
    ]
    ends += [(at, TermEnding.REVERSED) for at in fatal if at < term.until]
    if not ends:
        return term
    ended_at, ending = min(ends)
    return replace(term, ended_at=ended_at, ending=ending)
