"""What the rules' text can say: sections, keys, and the bounds of each number. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from members.rules import Measure, StrikeKind

TIERS = 4

Path = tuple[str | int, ...]
# A field's fault travels as a list of words, which is turned into a refusal with its line.
MISSING, UNKNOWN, BOUNDS, UNFIT = "missing", "unknown", "bounds", "unfit"


class _Part(Schema):
    class Meta:
        unknown = RAISE

    error_messages = {"unknown": UNKNOWN, "type": UNFIT}  # noqa: RUF012  # as marshmallow has it


def _faults(unfit: str) -> dict[str, Any]:
    return {
        "required": MISSING,
        "null": unfit,
        "invalid": unfit,
        "type": unfit,
        "too_large": unfit,
        "special": unfit,
        "validator_failed": unfit,
    }


def _whole(least: int, most: int, *, otherwise: int | None = None) -> fields.Integer:
    fault = f"{BOUNDS} {least} {most}"
    return fields.Integer(
        **({"required": True} if otherwise is None else {"load_default": otherwise}),
        strict=True,
        validate=validate.Range(least, most, error=fault),
        error_messages=_faults(fault),
    )


def _number(least: float, most: float, **options: Any) -> fields.Float:
    fault = f"{BOUNDS} {least} {most}"
    return fields.Float(
        **({"required": True} | options),
        validate=validate.Range(least, most, error=fault),
        error_messages=_faults(fault),
    )


def _word(most: int = 40) -> fields.String:
    return fields.String(
        required=True,
        validate=validate.Length(1, most, error=UNFIT),
        error_messages=_faults(UNFIT),
    )


def _list(each: fields.Field[Any], least: int, most: int) -> fields.List[Any]:
    return fields.List(
        each,
        required=True,
        validate=validate.Length(least, most, error=UNFIT),
        error_messages=_faults(UNFIT),
    )


def _part(**parts: fields.Field[Any]) -> fields.Nested:
    schema = _Part.from_dict(dict(parts))
    return fields.Nested(schema(unknown=RAISE), required=True, error_messages=_faults(UNFIT))


_TIER = _part(
    code=_word(20),
    name=_word(20),
    name_en=_word(40),
    from_points=_whole(0, 1_000_000),
    shop_percent=_whole(1, 100),
    pays_percent=_whole(0, 100),
)
EXAMPLE_KINDS = (
    "cancel",
    "move",
    "late",
    "earn",
    "expires",
    "visit",
    "survey",
    "tier",
    "pay",
    "refer",
    "stands",
    "score",
)
_SCHEMA = _Part.from_dict(
    {
        "points": _part(
            per_yuan=_whole(0, 100),
            rating=_whole(0, 1_000),
            visit=_whole(0, 1_000),
            visits_a_month=_whole(0, 31),
            # A version written before there were surveys gives nothing for them.
            survey=_whole(0, 1_000, otherwise=0),
            a_yuan=_whole(1, 10_000),
            live_months=_whole(1, 120),
        ),
        "tiers": _part(over_days=_whole(30, 1_830), steps=_list(_TIER, 1, 8)),
        "referrals": _part(
            friend_points=_whole(1, 10_000),
            friends_max=_whole(0, 1_000),
            within_days=_whole(1, 365),
            badge_yuan=_whole(1, 1_000),
        ),
        "tariff": _part(
            free_notice_hours=_whole(1, 168),
            late_notice_hours=_whole(0, 72),
            cancel_points=_whole(0, 1_000),
            move_points=_whole(0, 1_000),
            errand_yuan=_whole(1, 500),
            late_steps=_list(_part(minutes=_whole(1, 600), yuan=_whole(1, 1_000)), 1, 6),
            broken_yuan=_whole(1, 1_000),
        ),
        "strikes": _part(
            points=_part(**{kind.value: _whole(0, 10_000) for kind in StrikeKind}),
            posts_after_hours=_whole(1, 168),
            contest_days=_whole(1, 60),
            appeal_working_days=_whole(1, 30),
            fades_after_days=_whole(1, 1_000),
        ),
        "ladder": _part(
            recent_days=_whole(1, 365),
            low_balance=_whole(-100_000, 0),
            ask_before_hours=_list(_list(_whole(1, 168), 1, 6), TIERS, TIERS),
            deposit_yuan=_whole(1, 1_000),
            deposit_from=_whole(1, TIERS + 1),
            call_from=_whole(1, TIERS + 1),
            release_from=_whole(2, TIERS + 1),
            standby_from=_whole(1, TIERS + 1),
        ),
        "blacklist": _part(
            strikes=_whole(1, 20),
            within_days=_whole(1, 1_000),
            for_days=_whole(1, 365),
            review_working_days=_whole(1, 30),
        ),
        "score": _part(
            weights_percent=_part(**{measure.value: _whole(0, 100) for measure in Measure}),
            prior_stars=_number(1, 5),
            prior_count=_whole(1, 100),
            span_days=_whole(7, 365),
            early_grace_minutes=_whole(0, 120),
            revisit_days=_whole(1, 365),
        ),
        "examples": _list(fields.Dict(keys=_word(20), error_messages=_faults(UNFIT)), 1, 60),
    }
)


def loaded(plain: Mapping[str, Any]) -> tuple[dict[str, Any], list[tuple[Path, str]]]:
    """Return what was written, checked part by part, and the faults with their places: none when it
    may be taken."""
    try:
        return dict(_SCHEMA().load(plain)), []
    except ValidationError as error:
        return {}, list(_flat(error.messages))


def _flat(messages: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from _flat(inner, (*path, key))
    else:
        yield path, str(messages[0])
