"""A string in every column in which there may be words about a member, whoever wrote them."""

from datetime import date
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Enum,
    Float,
    Integer,
    String,
    Table,
    func,
    insert,
    select,
    update,
)

from kernel.db import Base, Fen, Instant, Sealed, Session
from kernel.money import ZERO
from tests.house import MONDAY_NINE

# Columns that hold no words about a person: under "*" whatever table they stand in.
WORDLESS = {
    "*": "number code key kind action actor_role answered_role by_role state scene icon sku "
    "hash head sha256 dedupe_key idempotency_key content_hash rules_version subject_number booking_number",
    # What the house offers and is made of: written for everybody.
    "booking_addition": "name",
    "booking_appliance_model": "name",
    "booking_article": "name about",
    "booking_checked_point": "point",
    "booking_check": "point",
    "booking_code": "name welcome about",
    "booking_coupon_kind": "name",
    "booking_goods_item": "name serial",
    "booking_sample": "name about",
    "booking_serial": "serial",
    "booking_serial_import": "file_name",
    "booking_service": "category name short_name about skill options brings checks shots delivery_code"
    " care_code care_tips",
    "booking_store": "name welcome address",
    "conversations_canned": "desk lines",
    "dispatch_branch": "name territory windows kept_windows",
    "dispatch_crew": "visit_ids",
    "dispatch_estate": "name district closed",
    "dispatch_load": "service",
    "dispatch_partner": "name technician_ids",
    "dispatch_tool": "name services",
    "members_campaign": "name about tip path",
    "members_draw": "name about seed commitment stopped_why",
    "members_draw_prize": "name coupon",
    "members_rule_step": "version words",
    "members_rule_version": "version text about",
    "members_segment": "name with_ids without_ids",
    "members_survey": "title about questions",
    "members_tag": "name",
    # About those who work here.
    "dispatch_shift": "breaks absent",
    "dispatch_technician": "work_number name phone skills openid bind_code areas no_go certificates",
    "members_api_client": "scopes token_hash",
    "members_staff": "login name branch_ids store_ids password_hash totp_secret",
    # Codes, numbers of things and what the house reckons.
    "booking_asset": "serial",
    "booking_bill": "sha1",
    "booking_bill_difference": "trade our_state their_state",
    "booking_bill_line": "trade serial",
    "booking_booking": "choices cause",
    "booking_care_note": "booking",
    "booking_care_plan": "origin",
    "booking_complaint": "topic",
    "booking_draft": "choices",
    "booking_exchange": "",
    "booking_payment": "purpose transaction_id",
    "booking_promise": "ending",
    "booking_rating": "tags",
    "booking_refund": "reason error",
    "booking_replay": "version against sums people",
    "booking_standby": "why",
    "booking_step": "cause",
    "booking_waiting": "windows",
    "conversations_account": "did error",
    "conversations_inbox": "",
    "conversations_picture": "media_id error",
    "dispatch_branch_day": "travel",
    "dispatch_proposal": "route_versions before after curve totals fingerprint note cause accepted undo",
    "dispatch_route": "stops breaks",
    "dispatch_visit": "skill service service_code cause",
    "gateway_token": "name secret",
    "kernel_audit": "about",
    "kernel_idempotency": "scope",
    "kernel_outbox": "name topics",
    "kernel_retention_run": "rule",
    "members_account": "owner unit",
    "members_appeal": "reason barred",
    "members_blacklisting": "cause strikes",
    "members_collection": "what cause carrier",
    "members_consent": "version",
    "members_contact": "roles",
    "members_hold": "evidence",
    "members_merge": "moved",
    "members_member": "first_scene last_scene",
    "members_oauth_state": "cookie_hash return_path",
    "members_override": "appeal_number",
    "members_posting": "evidence",
    "members_sign_in": "token_hash csrf_token stage",
    "members_survey_answer": "picked",
    "members_tagging": "source",
    "members_target": "fate",
    "notifications_call_count": "channel",
    "notifications_grant": "template_id what",
    "notifications_message": "about path msgid outcome error channel",
    "notifications_quota": "limits error",
    "notifications_step": "channel what words",
    "notifications_stray_report": "msgid status",
}
_ROWS_OF_HIS = ("members_member", "booking_booking", "booking_draft", "dispatch_visit")
PHONE, ELSEWHERE = "13812345678", {"openid", "phone"}


def with_words() -> dict[str, list[Column[Any]]]:
    """Return by table the columns in which there may be words about a person."""
    return {
        table.name: columns
        for table in Base.metadata.sorted_tables
        if (columns := [column for column in table.columns if _has_words(column)])
    }


def _has_words(column: Column[Any]) -> bool:
    of_text = isinstance(column.type, String | JSON | Sealed) and not isinstance(column.type, Enum)
    wordless = f"{WORDLESS['*']} {WORDLESS.get(column.table.name, '')}".split()
    return of_text and column.name not in wordless


class Planting:
    """Plants in the rows of the one member, and in one more of each table, and remembers what."""

    def __init__(self, db: Session) -> None:
        self.db, self.planted, self.made = db, set[str](), dict[str, Any]()
        his = Base.metadata.tables
        self.openid = db.scalar(select(his["members_member"].c.openid))
        self.numbers = {
            kind: db.scalar(select(his[table].c.number))
            for kind, table in (
                ("member", "members_member"),
                ("booking", "booking_booking"),
                ("visit", "dispatch_visit"),
            )
        }

    def everywhere(self) -> set[str]:
        for name, columns in with_words().items():
            table = Base.metadata.tables[name]
            if name in _ROWS_OF_HIS:
                self.db.execute(update(table).values({c.name: self._word(c) for c in columns}))
            else:
                self._row_of(table)
        return self.planted

    def _row_of(self, table: Table) -> Any:
        """Return the id of a row of that table, planted where there are words in it."""
        is_worded = table.name in with_words() and table.name not in _ROWS_OF_HIS
        if table.name not in self.made and not is_worded and "id" in table.c:
            self.made[table.name] = self.db.scalar(select(func.min(table.c.id)))
        if self.made.get(table.name) is None:
            for more in _ALIKE.get(table.name, ({},)):
                filled = [c for c in table.columns if _is_filled(c) and c.name not in more]
                row = {c.name: self._value(c) for c in filled}
                row |= {name: self._told(value) for name, value in more.items()}
                done: Any = self.db.execute(insert(table).values(row))
                key = done.inserted_primary_key
                self.made[table.name] = key[0] if key else None
        return self.made[table.name]

    def _told(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._told(each) for name, each in value.items()}
        if value == _WORD:
            return self._planted(f"话{len(self.planted)}")
        return value.format(**self.numbers) if isinstance(value, str) else value

    def _value(self, column: Column[Any]) -> Any:
        for key in column.foreign_keys:
            return self._row_of(key.column.table)
        if column.name == "openid":
            return self.openid
        if _has_words(column):
            return self._word(column)
        if isinstance(column.type, Enum):
            return next(iter(column.type.enum_class or column.type.enums))
        for kind, value in _PLAIN:
            if isinstance(column.type, kind):
                return value
        return f"{column.table.name}.{column.name}"

    def _word(self, column: Column[Any]) -> Any:
        if column.name in ELSEWHERE:
            return self.openid if column.name == "openid" else PHONE
        word = self._planted(f"种在{column.table.name}.{column.name}")
        return {"x": word} if isinstance(column.type, JSON) else word

    def _planted(self, word: str) -> str:
        self.planted.add(word)
        return word


_WORD = "<word>"
_PLAIN: tuple[tuple[Any, Any], ...] = (
    (Fen, ZERO),
    (Instant, MONDAY_NINE),
    (Date, date(2026, 11, 23)),
    (Boolean, False),
    (Float, 1.0),
    (Integer, 1),
    (JSON, {}),
)
# What makes a row one about him where no foreign key does, or is needed for more than one kind of it.
_ALIKE: dict[str, tuple[dict[str, Any], ...]] = {
    "kernel_audit": tuple(
        {"about": about, "detail": {"reason": _WORD}}
        for about in ("booking:{booking}", "visit:{visit}", "member:{member}", "follower:{member}")
    ),
    "kernel_idempotency": (
        {
            "scope": "dispatcher:1 api.hold",
            "answer": {"json": {"number": "{booking}", "to": _WORD}},
        },
    ),
    "dispatch_visit_step": tuple(
        {"action": action, "seq": seq, "cause": _WORD}
        for seq, action in enumerate(("assign", "decline", "arrive", "start", "pause"), 90)
    ),
    "kernel_outbox": (
        {
            "state": "done",
            "name": "VisitForced",
            "facts": {"visit_number": "{visit}", "reason": _WORD},
        },
        {
            "state": "done",
            "name": "VisitDeclined",
            "facts": {"visit_number": "{visit}", "reason": _WORD},
        },
        {
            "state": "done",
            "name": "BookingRefunded",
            "facts": {"number": "{booking}", "words": _WORD},
        },
        {"state": "done", "name": "PointsRedeemed", "facts": {"member_id": 1, "what": _WORD}},
    ),
    "booking_leak_note": ({"member_id": 1},),
    "conversations_chat_line": ({"kind": "reply"},),
    "members_redemption": ({"redeemed_at": MONDAY_NINE},),
    "members_appeal": (
        {"subject_number": "S1"},
        {
            "subject_number": "S2",
            "number": "A2",
            "member_id": None,
            "technician_id": 1,
            "booking_number": "{booking}",
            "state": "rejected",
            "text": _WORD,
            "words": _WORD,
        },
    ),
}


def _is_filled(column: Column[Any]) -> bool:
    of_people = {*_ROWS_OF_HIS, "members_staff"}
    is_whose = any(key.column.table.name in of_people for key in column.foreign_keys)
    if column.primary_key and isinstance(column.type, Integer) and not column.foreign_keys:
        return False
    has_none = not column.nullable and column.default is None and column.server_default is None
    return has_none or is_whose or _has_words(column)
