"""The proof of a draw with what booking gives of it."""

from dataclasses import replace

from booking import coupon_queries
from kernel.db import Session
from members import draw_queries
from members.draw_models import Draw
from members.draw_queries import DrawProof
from members.drawing import PrizeKind, evidence_of


def prove(db: Session, row: Draw) -> DrawProof:
    """Derive the draw anew, and see that every coupon that lay in a smashed egg was given."""
    proof = draw_queries.prove(db, row)
    eggs = draw_queries.eggs_of(db, row, kind=PrizeKind.COUPON)
    keys = {evidence_of(row.number, egg): egg for egg in eggs}
    missing = keys.keys() - coupon_queries.given_for(db, list(keys))
    if proof.wrong or not missing:
        return proof
    return replace(
        proof, wrong=f"what lay in egg {min(keys[key] for key in missing)} was not given"
    )
