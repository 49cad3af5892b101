"""Whatever table names a member, his copy tells of it, or it is said here why not."""

from faces.chrome.copies import PARTS
from kernel.db import Base

# The part of a copy in which each stands.
TOLD = {
    "booking_asset": "appliances",
    "booking_booking": "bookings",
    "booking_care_plan": "care",
    "booking_complaint": "complaints",
    "booking_coupon": "coupons",
    "booking_draft": "drafts",
    "booking_exchange": "exchanges",
    "booking_rating": "ratings",
    "booking_tryout": "tryouts",
    "booking_waiting": "waits",
    "conversations_chat": "said",
    "members_appeal": "appeals",
    "members_blacklisting": "pauses",
    "members_collection": "collections",
    "members_consent": "consents",
    "members_contact": "contacts",
    "members_member": "profile",
    "members_merge": "merges",
    "members_override": "decisions",
    "members_play": "plays",
    "members_redemption": "redemptions",
    "members_strike": "strikes",
    "members_survey_answer": "surveys",
    "members_survey_words": "surveys",
    "members_tagging": "tags",
    "members_target": "campaigns",
    "members_touch": "codes",
}
NOT_TOLD = {
    "members_erasure_request": "lives until two of us decided, and the page tells him",
    "members_grade": "follows from the points",
    "members_news_refusal": "his own switch, on the page of news",
}


def test_every_table_that_names_a_member_is_in_his_copy() -> None:
    naming = {
        table.name
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.target_fullname == "members_member.id"
    }
    assert naming == TOLD.keys() | NOT_TOLD.keys()
    assert set(TOLD.values()) <= PARTS.keys()
