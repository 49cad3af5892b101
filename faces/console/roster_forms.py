"""What the console's forms about technicians may carry."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from dispatch.planner.problem import DAY_S
from dispatch.planner.repair import Way
from faces.chrome.schema import Form, Text
from kernel.words import msg

SKILLS_MAX = 40
DAYS_MAX = 31
REASON_MAX = 200
TOLD_MAX = 400
RESTS = 2
REASONS = {"leave": msg("请假"), "ill": msg("病假"), "other": msg("其他")}


class VersionForm(Form):
    """A visit as it stood on the page."""

    version = fields.Integer(required=True, validate=validate.Range(min=1))


class HandOverForm(VersionForm):
    """To whom a visit is given, and until when, second of the day, he has agreed to stay for it."""

    technician = fields.Integer(required=True, validate=validate.Range(min=1))
    until = fields.Integer(load_default=None, validate=validate.Range(min=1, max=DAY_S))


class PinForm(VersionForm):
    """Whether it is to stay with whom it is."""

    stays = fields.Boolean(required=True)


class GivenQuery(Form):
    """To whom the visit would be given, 0 for nobody; `asks` when it was put down on him and breaks something."""

    technician = fields.Integer(load_default=0, validate=validate.Range(min=0))
    asks = fields.Boolean(load_default=False)


class ForceForm(VersionForm):
    """A forced move: to whom, why, and what was said to break. Overtime has to be agreed to."""

    technician = fields.Integer(required=True, validate=validate.Range(min=1))
    told = fields.String(required=True, validate=validate.Length(max=TOLD_MAX))
    reason = Text(most=REASON_MAX, least=2, required=True)
    agreed = fields.Boolean(load_default=False)

    @validates_schema
    def check_agreed(self, given: dict[str, Any], **_options: Any) -> None:
        if "over" in given["told"].split() and not given["agreed"]:
            raise ValidationError(msg("要加班，先问过他本人再勾选。"), "agreed")


class SkillsForm(Form):
    """What a technician can do, one `skill:level` for each skill."""

    skills = fields.List(
        fields.String(validate=validate.Regexp(r"\A[a-z_]{1,40}:[0-3]\Z")),
        load_default=list,
        validate=validate.Length(max=SKILLS_MAX),
    )
    # The last day of the certificate of each, in the same order; empty where there is none.
    until = fields.List(
        fields.String(validate=validate.Regexp(r"\A(\d{4}-\d\d-\d\d)?\Z")),
        load_default=list,
        validate=validate.Length(max=SKILLS_MAX),
    )


class TechnicianForm(SkillsForm):
    """A new technician."""

    branch = fields.Integer(required=True, validate=validate.Range(min=1))
    work_number = fields.String(
        required=True,
        validate=validate.Regexp(
            r"\A[A-Z0-9]{3,12}\Z", error=msg("工号用 3–12 位大写字母和数字。")
        ),
    )
    name = Text(most=20, least=1, required=True)
    phone = Text(most=20, required=True)
    home = Text(most=60, required=True)


class ShiftForm(Form):
    """One working day; rests come as rows, of which empty ones count as none."""

    opens = fields.Time(required=True)
    shuts = fields.Time(required=True)
    rest_from = fields.List(fields.String(), load_default=list, validate=validate.Length(max=RESTS))
    rest_to = fields.List(fields.String(), load_default=list, validate=validate.Length(max=RESTS))
    rest_minutes = fields.List(
        fields.String(), load_default=list, validate=validate.Length(max=RESTS)
    )


class ShiftQuery(Form):
    """Until when he would have to work, for the visit that leads here."""

    shuts = fields.Time(load_default=None)


class AbsentForm(Form):
    """A day on which somebody is away, today unless it is named, and why."""

    day = fields.Date(load_default=None)
    reason = fields.String(load_default="ill", validate=validate.OneOf(list(REASONS)))


class GoodsForm(Form):
    """When the goods of a visit are there, 15:10, as second of the day; empty when they are not it."""

    goods = fields.String(
        load_default="", validate=validate.Regexp(r"\A(([01]\d|2[0-3]):[0-5]\d)?\Z")
    )

    @post_load
    def in_seconds(self, given: dict[str, Any], **_options: Any) -> dict[str, Any]:
        hours, _, minutes = given["goods"].partition(":")
        return {"goods": int(hours) * 3600 + int(minutes) * 60 if hours else None}


class WayForm(Form):
    """The option that was chosen."""

    way = fields.Enum(Way, by_value=True, required=True)


class LeaveForm(Form):
    """The days off, both included, and why."""

    first = fields.Date(required=True)
    last = fields.Date(required=True)
    reason = fields.String(required=True, validate=validate.OneOf(list(REASONS)))

    @validates_schema
    def check_span(self, given: dict[str, Any], **_options: Any) -> None:
        if not 0 <= (given["last"] - given["first"]).days < DAYS_MAX:
            raise ValidationError(msg("结束不能早于开始，最多 31 天。"), "last")


class OneDayForm(Form):
    """A day that an act is about."""

    day = fields.Date(required=True)


class SinceQuery(Form):
    """From which day on a technician's page shows his shifts."""

    day = fields.Date(load_default=None)
