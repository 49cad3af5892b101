"""What members knows of one person: told to him, and forgotten.

Forgotten is the key between a member and a person: his openid, name and phone, and what he wrote. The
ledger goes on under the member's id, which by then means nobody; its sums and its chain stay.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from secrets import token_hex
from typing import Any

from sqlalchemy import Select, delete, select, update

from kernel import erasing, retention
from kernel.db import Session
from kernel.erasing import Ids, Typed, acts_on
from kernel.money import Money
from kernel.outbox import OutboxRow
from members import contact_queries, ledger_queries, merge_queries, queries, survey_queries
from members.collecting import Way
from members.collection_models import Collection
from members.contact_models import Contact
from members.draw_models import Draw, Play
from members.drawing import DRAW
from members.events import PointsRedeemed
from members.ledger import COMPENSATION, POINTS, member_owner
from members.merge_models import Merge
from members.merging import ERASED
from members.models import Consent, ErasureRequest, Member
from members.privacy import VERSIONS, ConsentKind, StillToCome
from members.redemption_models import Redemption
from members.states import AppealState, CollectionState
from members.strike_models import Appeal, Blacklisting, Override, Strike, StrikeStep
from members.survey_models import SurveyWords
from members.tag_models import Campaign, Tag, Tagging, Target

Told = Mapping[str, Sequence[Mapping[str, object]]]
LINES_MAX = 20_000
# What of the evidence of a strike says neither who he is nor what anybody wrote.
_BARE = frozenset({"proofs", "at", "kind", "metres", "visit", "calls"})
_WAITING = (AppealState.OPEN, AppealState.PROPOSED)


def told(db: Session, member_id: int) -> Told:
    """Return what is kept of him here, by what it is."""
    member = db.get_one(Member, member_id)
    lines = ledger_queries.lines(db, owner=member_owner(member_id), unit=POINTS, limit=LINES_MAX)
    owed = select(Collection).where(Collection.member_id == member_id).order_by(Collection.id)
    appeals = select(Appeal).where(Appeal.member_id == member_id).order_by(Appeal.id)
    return {
        "profile": [
            {
                "number": member.number,
                "openid": member.openid,
                "name": member.name,
                "phone": member.phone,
                "joined_at": member.joined_at,
            }
        ],
        "contacts": [
            {"name": row.name, "phone": row.phone, "roles": ", ".join(row.roles)}
            for row in contact_queries.contacts_of(db, member_id)
        ],
        "consents": [
            {"kind": row.kind, "version": row.version, "is_given": row.is_given, "at": row.at}
            for row in _consents(db, [member_id])
        ],
        "points": [
            {
                "at": line.at,
                "kind": line.kind,
                "amount": line.amount,
                "balance": line.balance_after,
                "evidence": line.evidence,
            }
            for line in lines
        ],
        **_told_of_decisions(db, member_id),
        **_told_of_growth(db, member_id),
        "collections": [
            {"at": row.owed_at, "number": row.number, "what": row.what, "state": row.state}
            | {"name": row.name, "phone": row.phone, "address": row.address}
            for row in db.scalars(owed)
        ],
        "appeals": [
            {"at": row.opened_at, "number": row.number, "text": row.text, "answer": row.words}
            for row in db.scalars(appeals)
        ],
        "surveys": [
            {"at": at, "name": title, "text": asked, "answer": said}
            for at, title, asked, said in survey_queries.said_by(db, member_id)
        ],
    }


def _told_of_decisions(db: Session, member_id: int) -> Told:
    strikes = select(Strike).where(Strike.member_id == member_id).order_by(Strike.id)
    steps = select(StrikeStep).join(Strike, Strike.id == StrikeStep.strike_id)
    said = steps.where(Strike.member_id == member_id, StrikeStep.words != "")
    reasons: defaultdict[int, list[str]] = defaultdict(list)
    for step in db.scalars(said.order_by(StrikeStep.id)):
        reasons[step.strike_id].append(step.words)
    overrides = select(Override).where(Override.member_id == member_id).order_by(Override.id)
    pauses = select(Blacklisting).where(Blacklisting.member_id == member_id)
    taken = select(Redemption).where(
        Redemption.member_id == member_id, Redemption.redeemed_at.is_not(None)
    )
    return {
        "strikes": [
            {"at": row.happened_at, "kind": row.kind, "booking": row.booking_number}
            | {"state": row.state, "reason": "；".join(reasons[row.id])}
            for row in db.scalars(strikes)
        ],
        "decisions": [
            {"at": row.at, "kind": row.kind, "state": row.state, "until": row.until}
            | {"reason": row.reason}
            for row in db.scalars(overrides)
        ],
        "pauses": [
            {"at": row.begins_at, "until": row.ended_at or row.until, "state": row.state}
            | {"reason": row.review_words}
            for row in db.scalars(pauses.order_by(Blacklisting.id))
        ],
        "redemptions": [
            {"at": row.redeemed_at, "number": row.number, "amount": row.points}
            | {"what": row.what, "reason": row.reversed_why}
            for row in db.scalars(taken.order_by(Redemption.id))
        ],
    }


def _told_of_growth(db: Session, member_id: int) -> Told:
    vouchers = ledger_queries.lines(
        db, owner=member_owner(member_id), unit=COMPENSATION, limit=LINES_MAX
    )
    worn = select(Tagging, Tag.name).join(Tag, Tag.id == Tagging.tag_id)
    plays = select(Play, Draw.name).join(Draw, Draw.id == Play.draw_id)
    news = select(Target, Campaign.name).join(Campaign, Campaign.id == Target.campaign_id)
    return {
        "vouchers": [
            {"at": line.at, "kind": line.kind, "amount": str(Money(line.amount))}
            | {"balance": str(Money(line.balance_after)), "evidence": line.evidence}
            for line in vouchers
        ],
        "tags": [
            {"at": row.at, "what": name}
            for row, name in db.execute(worn.where(Tagging.member_id == member_id))
        ],
        "codes": [{"at": row.at, "what": row.scene} for row in queries.touches_of(db, [member_id])],
        "plays": [
            {"at": row.at, "what": name, "number": row.egg}
            for row, name in db.execute(plays.where(Play.member_id == member_id))
        ],
        "campaigns": [
            {"at": row.told_at or row.tried_at, "what": name, "state": row.fate}
            | {"reason": row.said}
            for row, name in db.execute(news.where(Target.member_id == member_id))
        ],
        "merges": [
            {"at": row.at, "number": row.number, "kind": row.reason, "reason": row.why}
            for row in db.scalars(select(Merge).where(Merge.gone_id == member_id))
        ],
    }


def forget(db: Session, member: Member, *, now: datetime) -> None:
    """Forget who the locked member was; there is no way back. Raises StillToCome
    while a gift of his is under way."""
    # A prize that lies at a store to be fetched he could neither choose away nor cancel.
    holds_up = (Collection.way == Way.POST) | ~Collection.cause.startswith(f"{DRAW}:")
    owed = select(Collection.id).where(
        Collection.member_id == member.id,
        Collection.way.is_not(None),
        Collection.state == CollectionState.OWED,
        holds_up,
    )
    if db.scalar(owed.limit(1)):
        raise StillToCome
    member.openid = f"{ERASED}{token_hex(14)}"
    member.name = member.phone = member.unionid = ""
    member.phone_confirmed_at, member.follows, member.erased_at = None, False, now
    db.execute(delete(Contact).where(Contact.member_id == member.id))
    db.execute(delete(ErasureRequest).where(ErasureRequest.member_id == member.id))
    for strike in db.scalars(select(Strike).where(Strike.member_id == member.id)):
        strike.evidence = _bare(strike.evidence) or {"erased": True}
    his = update(Appeal).where(Appeal.member_id == member.id)
    db.execute(his.values(text="", words="", photos=[]))
    won = update(Collection).where(Collection.member_id == member.id)
    db.execute(won.values(name="", phone="", address="", tracking="", why=""))
    db.flush()
    db.execute(delete(SurveyWords).where(SurveyWords.member_id == member.id))


def _bare(evidence: Any) -> Any:
    """Return of the evidence what happened when: no words, photos and signatures."""
    if isinstance(evidence, Mapping):
        return {name: _bare(value) for name, value in evidence.items() if _is_bare(name)}
    return [_bare(each) for each in evidence] if isinstance(evidence, list) else evidence


def _is_bare(name: str) -> bool:
    return name in _BARE or name.endswith(("_at", "_id"))


def typed(ids: Ids) -> tuple[Typed, ...]:
    """Return where people typed about those members."""
    strikes = select(Strike.id).where(Strike.member_id.in_(ids))
    return (
        Typed(StrikeStep.words, StrikeStep.strike_id.in_(strikes)),
        Typed(Appeal.words, Appeal.member_id.in_(ids)),
        Typed(Blacklisting.review_words, Blacklisting.member_id.in_(ids)),
        Typed(Override.reason, Override.member_id.in_(ids)),
        Typed(Merge.why, Merge.gone_id.in_(ids)),
        Typed(Redemption.what, Redemption.member_id.in_(ids)),
        Typed(Redemption.reversed_why, Redemption.member_id.in_(ids)),
        Typed(Collection.why, Collection.member_id.in_(ids)),
        *(acts_on(name, Member.number, Member.id.in_(ids)) for name in ("member", "follower")),
        acts_on("appeal", Appeal.number, Appeal.member_id.in_(ids)),
        acts_on("collection", Collection.number, Collection.member_id.in_(ids)),
        acts_on("redemption", Redemption.number, Redemption.member_id.in_(ids)),
        Typed(Target.said, Target.member_id.in_(ids)),
        erasing.told(PointsRedeemed.__name__, OutboxRow.facts["member_id"].as_integer().in_(ids)),
    )


def typed_about_bookings(numbers: Select[str]) -> tuple[Typed, ...]:
    """Return where people typed about those who served these bookings; it stays until it is decided."""
    strikes = select(Strike.id).where(Strike.booking_number.in_(numbers))
    decided = Appeal.booking_number.in_(numbers) & Appeal.state.not_in(_WAITING)
    return (
        Typed(StrikeStep.words, StrikeStep.strike_id.in_(strikes)),
        Typed(Appeal.text, decided),
        Typed(Appeal.words, decided),
        Typed(Appeal.photos, decided, mark=[]),
    )


# --- What he agreed to ----------------------------------------------------------------------


def consents(db: Session, member_id: int) -> dict[ConsentKind, Consent | None]:
    """Return what he last said to each notice as it is now, by whichever of his names; None for what he
    was not asked, or an older version of it."""
    said: dict[ConsentKind, Consent | None] = dict.fromkeys(ConsentKind)
    for row in _consents(db, merge_queries.ids_of(member_id)):
        kind = ConsentKind(row.kind)
        if row.version == VERSIONS[kind]:
            said[kind] = row
    return said


def agree(db: Session, *, member_id: int, kind: ConsentKind, is_given: bool, now: datetime) -> None:
    """Write down that he agrees to that notice as it is now, or takes it back."""
    db.add(
        Consent(member_id=member_id, kind=kind, version=VERSIONS[kind], is_given=is_given, at=now)
    )


def _consents(db: Session, ids: Ids | Sequence[int]) -> Sequence[Consent]:
    found = select(Consent).where(Consent.member_id.in_(ids))
    return db.scalars(found.order_by(Consent.id)).all()


def drop_old_parcels(db: Session, before: datetime, limit: int) -> int:
    """Drop to whom and where things were sent that went out, or were cancelled, before then."""
    is_over = Collection.state != CollectionState.OWED
    over = [Collection.state_since < before, is_over, Collection.phone != ""]
    values = {"name": "", "phone": "", "address": ""}
    return retention.blank(db, Collection, where=over, values=values, limit=limit)


def drop_old_appeals(db: Session, before: datetime, limit: int) -> int:
    """Drop the words and photos of appeals that were decided before then."""
    over = [Appeal.decided_at < before, Appeal.state.not_in(_WAITING), Appeal.text != ""]
    values = {"text": "", "words": "", "photos": []}
    return retention.blank(db, Appeal, where=over, values=values, limit=limit)
