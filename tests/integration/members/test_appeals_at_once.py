"""Two hands of one person who appeal in the same instant."""

from flask import Flask

from kernel.db import transaction
from members.ledger import errand_draft
from members.operations import appeals, postings
from members.rule_text import RULES
from members.strike_models import Appeal
from tests.hands import at_once
from tests.house import MONDAY_NINE
from tests.integration.members.cases import STORY, TECHNICIAN


def test_open_one_about_earnings(app: Flask) -> None:
    draft = errand_draft(technician_id=TECHNICIAN.id, visit_number="V1", rules=RULES)
    with transaction() as db:
        postings.post(db, draft, now=MONDAY_NINE)

    def appeal() -> Appeal:
        with transaction() as db:
            return appeals.open_earnings_appeal(
                db,
                posting_key=draft.key,
                reason="other",
                text=STORY,
                by=TECHNICIAN,
                now=MONDAY_NINE,
            )

    names = sorted(type(each).__name__ for each in at_once(app, [appeal] * 4))

    assert names == ["Appeal", *["AppealUnderWay"] * 3]
