"""What follows from an appeal that was decided: counter-entries, and nothing taken back otherwise."""

from datetime import datetime

from kernel.actor import Actor
from kernel.db import Session
from members import ledger_queries, rule_queries, strike_queries
from members.ledger import RESTORED, Draft
from members.operations import blacklist, postings, strikes
from members.policy import AppealSubject
from members.states import StrikeAction, StrikeState
from members.strike_models import Appeal


def carry_out(db: Session, appeal: Appeal, *, upheld: bool, by: Actor, now: datetime) -> None:
    """Do to the subject of the appeal what its decision says."""
    evidence = f"appeal:{appeal.number}"
    match appeal.subject_kind:
        case AppealSubject.STRIKE:
            strike = strikes.locked(db, appeal.subject_number)
            if upheld:
                strikes.undo_strike(
                    db, strike, words=appeal.words, evidence=evidence, by=by, now=now
                )
            elif strike.state is StrikeState.CONTESTED:
                words = appeal.words
                strikes.move(db, strike, StrikeAction.REJECT, by=by, words=words, now=now)
        case AppealSubject.BLACKLISTING:
            _settle_release(db, appeal, upheld=upheld, by=by, now=now)
        case AppealSubject.EARNINGS if upheld:
            draft = _counter(db, key=appeal.subject_number, evidence=evidence)
            postings.post(db, draft, now=now)
        case AppealSubject.BOOKING if upheld:
            assert appeal.member_id is not None
            fees = ledger_queries.fees_of(
                db, member_id=appeal.member_id, booking_number=appeal.booking_number
            )
            drafts = [postings.reversal_of(db, key=key, evidence=evidence) for key, _ in fees]
            postings.post_all(db, drafts, now=now)
        case _:
            pass


def _settle_release(db: Session, appeal: Appeal, *, upheld: bool, by: Actor, now: datetime) -> None:
    """Confirm or refuse the release that the first person proposed, if it still waits."""
    waiting = strike_queries.overrides_waiting(db, by=by, member_id=appeal.member_id)
    for asked in waiting:
        if asked.appeal_number != appeal.number:
            continue
        facts = {"number": asked.number, "appeal_number": appeal.number}
        assert appeal.member_id is not None
        in_force = strike_queries.blacklistings_in_force(db, member_id=appeal.member_id, now=now)
        if upheld and in_force:
            blacklist.confirm_release(db, **facts, by=by, now=now)
        else:
            blacklist.refuse_override(db, **facts, reason=appeal.words, by=by, now=now)


def _counter(db: Session, *, key: str, evidence: str) -> Draft:
    """Return the draft that undoes a posting; one that was itself a reversal is restored by a
    posting of its own, because a reversal is not reversed."""
    posting = ledger_queries.posting_of(db, key)
    assert posting is not None
    if posting.reverses_id is None:
        return postings.reversal_of(db, key=key, evidence=evidence)
    unit, legs = ledger_queries.legs_of(db, posting.id)
    return Draft(
        key=f"restored:{key}",
        kind=RESTORED,
        unit=unit,
        legs={owner: -amount for owner, amount in legs.items()},
        evidence=evidence,
        rules=rule_queries.cited_by(db, posting),
    )
