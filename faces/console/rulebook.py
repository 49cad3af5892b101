"""/console/rulebook: the rules as text in versions, replayed, tried at a branch, published."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Response, render_template
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError, fields, validate

from booking import replay_queries, rule_examples, trial_queries
from booking.operations import ruling
from booking.replay_models import Replay
from booking.replaying import MATTER_NAMES, OF_MONEY, Matter
from booking.trial_queries import MEASURES
from dispatch import queries as dispatch
from faces.chrome import audited, call
from faces.chrome.filters import gettext, note_text
from faces.chrome.schema import Form, Text
from faces.chrome.sign_in import signed_in
from faces.console import acting, frame
from faces.console.acting import NO_FAILURE, Failure
from faces.console.cases import names_of
from faces.console.forms import NoForm
from faces.console.routes import LEADERS, READERS, blueprint
from faces.console.weeks import charts_of
from kernel.actor import SYSTEM
from kernel.db import Session, transaction
from kernel.errors import Forbidden
from kernel.leases import PENDING
from kernel.money import Money
from kernel.words import msg
from members import policy, queries, rule_queries
from members.operations import ruling as steps
from members.operations.ruling import ABOUT_MAX
from members.risk import Note
from members.rule_models import Place, RuleAct
from members.rule_queries import Version
from members.rule_text import TEXT_MAX

CONTEXT_LINES = 2
TEXT_ROWS = 28
VERSION_LENGTH_MAX = 40
ACTS: Mapping[RuleAct, str] = {
    RuleAct.PILOT: msg("开始试点"),
    RuleAct.END: msg("结束试点"),
    RuleAct.PUBLISH: msg("发布"),
}
_YES_OR_NO = frozenset({Matter.CALL, Matter.RELEASE, Matter.BLACKLIST})


class FromQuery(Form):
    """The version that a new one begins with."""

    version = fields.String(load_default="", validate=validate.Length(max=VERSION_LENGTH_MAX))


class RulesForm(Form):
    """A text of the rules, and what it is for. How long both may be is said by the operation."""

    text = Text(most=2 * TEXT_MAX, required=True)
    about = Text(most=2 * ABOUT_MAX, load_default="")


class PublishForm(Form):
    """Why a version comes into force."""

    words = Text(most=2 * policy.WORDS_MAX, load_default="")


class PlaceField(fields.String):
    """A place as its form names it: "3" is a branch, "3-7" a store of it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        text = super()._deserialize(value, attr, data, **options)
        branch, _, store = str(text).partition("-")
        try:
            return Place(branch_id=int(branch), store_id=int(store) if store else None)
        except ValueError as error:
            raise ValidationError([gettext("请选一个网点或门店。")]) from error


class TrialForm(PublishForm):
    """Where it is tried, or no longer."""

    place = PlaceField(required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a comparison: `tone` is add, drop, gap or ""."""

    tone: str
    text: str


@blueprint.get("/rulebook")
@signed_in(*READERS)
def rulebook() -> ResponseReturnValue:
    """List the versions, which is in force where, and what was done last."""
    with transaction(reads_only=True) as db:
        frame.enter(db)
        rows = rule_queries.versions(db)
        done = rule_queries.steps(db)
        return render_template(
            "console/rulebook.html",
            rows=rows,
            done=done,
            acts=ACTS,
            published=rule_queries.in_force(db).version,
            was_published={step.version for step in done if step.act is RuleAct.PUBLISH},
            **_places(db),
            names=names_of(db, {row.author_id for row in rows} | {step.actor_id for step in done}),
        )


@blueprint.get("/rulebook/new")
@signed_in(*LEADERS)
def new_rules() -> ResponseReturnValue:
    """Show the text of a version, to be changed into a new one."""
    return _editor(call.query(FromQuery())["version"], NO_FAILURE)


@blueprint.post("/rulebook")
@signed_in(*LEADERS)
def write_rules() -> ResponseReturnValue:
    """Keep the text as a version; nothing is in force by it."""

    def effect(db: Session, given: dict[str, Any]) -> acting.Said:
        version = ruling.write(db, **given, by=call.actor(), now=call.now())
        audited.about(f"rules:{version}")
        return gettext("已存为一版，还没有生效。先回放，看看谁会受影响。"), {"version": version}

    return acting.perform(
        "write",
        RulesForm(),
        effect,
        to="console.rules_version",
        page=lambda failed: _editor("", failed),
    )


@blueprint.get("/rulebook/<version>")
@signed_in(*READERS)
def rules_version(version: str) -> ResponseReturnValue:
    """Show a version: what it changes, its examples, its replay, its trials."""
    return _page(version, NO_FAILURE)


@blueprint.get("/rulebook/<version>/progress")
@signed_in(*READERS)
def replay_progress(version: str) -> ResponseReturnValue:
    """Show how far the replay is; once it is done, let the page come anew."""
    with transaction(reads_only=True) as db:
        replay = replay_queries.last_of(db, version=version)
    if replay is None or replay.state != PENDING:
        return Response(headers={"HX-Refresh": "true"})
    return render_template("console/replay_progress.html", replay=replay)


@blueprint.post("/rulebook/<version>/replay")
@signed_in(*LEADERS)
def replay_rules(version: str) -> ResponseReturnValue:
    """Let the last month be lived once more under that version."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        del given
        ruling.ask_replay(db, version=version, by=call.actor(), now=call.now())
        return gettext("开始回放，算好会显示在这里。")

    return _perform("replay", NoForm(), effect, version)


@blueprint.post("/rulebook/<version>/pilot")
@signed_in(*LEADERS)
def begin_pilot(version: str) -> ResponseReturnValue:
    """Let it be in force at one branch, or for one store's members."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        ruling.begin_pilot(
            db,
            version=version,
            place=_place(db, given["place"]),
            words=given["words"],
            by=call.actor(),
            now=call.now(),
        )
        return gettext("试点开始了，那里从现在起按这一版算。")

    return _perform("pilot", TrialForm(), effect, version)


@blueprint.post("/rulebook/<version>/pilot/end")
@signed_in(*LEADERS)
def end_pilot(version: str) -> ResponseReturnValue:
    """Let be in force there again what is so around it."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        steps.end_pilot(
            db,
            place=given["place"],
            words=given["words"],
            by=call.actor(),
            now=call.now(),
        )
        return gettext("试点结束了，那里回到原来的一版。")

    return _perform("end", TrialForm(), effect, version)


@blueprint.post("/rulebook/<version>/publish")
@signed_in(*LEADERS)
def publish_rules(version: str) -> ResponseReturnValue:
    """Let it be in force everywhere; a former version is put back in the same way."""

    def effect(db: Session, given: dict[str, Any]) -> str:
        ruling.publish(db, version=version, words=given["words"], by=call.actor(), now=call.now())
        return gettext("已发布，从现在起按这一版算；以前的决定不变。")

    return _perform("publish", PublishForm(), effect, version)


def _place(db: Session, wanted: Place) -> Place:
    """Return the place, which is one of the actor's. Raises Forbidden."""
    if wanted not in trial_queries.places(db, by=call.actor()):
        raise Forbidden
    return wanted


def _perform(form: str, schema: Form, effect: Any, version: str) -> ResponseReturnValue:
    audited.about(f"rules:{version}")
    return acting.perform(
        form,
        schema,
        effect,
        to="console.rules_version",
        page=lambda failed: _page(version, failed),
        version=version,
    )


# --- Pages ----------------------------------------------------------------------------------


def _editor(version: str, failed: Failure) -> str:
    with transaction(reads_only=True) as db:
        frame.enter(db)
        source = rule_queries.version(db, version or rule_queries.in_force(db).version)
    return render_template(
        "console/rulebook_new.html", source=source, failed=failed, rows_shown=TEXT_ROWS
    )


def _page(version: str, failed: Failure) -> str:
    with transaction(reads_only=True) as db:
        frame.enter(db)
        found = rule_queries.version(db, version)
        published = rule_queries.version(db, rule_queries.in_force(db).version)
        places = _places(db)
        done = rule_queries.steps(db, version=version)
        replay = replay_queries.last_of(db, version=version)
        context = {
            "found": found,
            "published": published,
            "changes": list(_changes(published, found)),
            "outcomes": rule_examples.run(rule_queries.of(db, version)),
            "said": rule_examples.said,
            "replay": replay,
            "is_outdated": replay is not None and replay.against != published.version,
            "may_go_on": rule_queries.was_published(db, version)
            or replay_queries.was_replayed(db, version=version, against=published.version),
            "trials": trial_queries.trials(db, done, by=call.actor(), now=call.now()),
            "done": done,
            "names": names_of(db, {found.author_id} | {step.actor_id for step in done}),
            **places,
            **_hit(db, replay),
        }
    return render_template(
        "console/rulebook_version.html",
        failed=failed,
        acts=ACTS,
        measures=MEASURES,
        charts_of=charts_of,
        may_publish=not call.actor().branch_ids,
        **context,
    )


def _places(db: Session) -> dict[str, Any]:
    """Return where versions are tried, and what: `named` are all places, `own` those for a form."""
    named, tried = trial_queries.places(db, by=SYSTEM), rule_queries.versions_in_force(db)
    return {
        "named": named,
        "own": [(_key(place), _word(named, place)) for place in _sorted(db)],
        "tried": {place: version for place, version in tried.items() if place is not None},
        "key": _key,
    }


def _sorted(db: Session) -> list[Place]:
    """Return the actor's places, each branch before its stores."""
    mine = trial_queries.places(db, by=call.actor())
    return sorted(mine, key=lambda place: (place.branch_id, place.store_id or 0))


def _key(place: Place) -> str:
    return f"{place.branch_id}-{place.store_id}" if place.store_id else str(place.branch_id)


def _word(named: Mapping[Place, str], place: Place) -> str:
    if place.store_id is None:
        return gettext("%(branch)s（整个网点）", branch=named[place])
    branch = named[Place(branch_id=place.branch_id)]
    return gettext("%(store)s的会员（%(branch)s）", store=named[place], branch=branch)


def _changes(before: Version, after: Version) -> Iterator[Line]:
    """Yield how the text differs from what is published, with a little around each change."""
    lines = difflib.unified_diff(
        before.text.splitlines(), after.text.splitlines(), n=CONTEXT_LINES, lineterm=""
    )
    tones = {"+": "add", "-": "drop", "@": "gap"}
    for place, line in enumerate(lines):
        if place > 1:
            yield Line(tone=tones.get(line[:1], ""), text=line[1:] if line[0] != "@" else "")


def _hit(db: Session, replay: Replay | None) -> dict[str, Any]:
    """Return whom a replay names, and its sums, in words."""
    people = replay.people if replay is not None else []
    member_ids = [one["member_id"] for one in people if "member_id" in one]
    technician_ids = [one["technician_id"] for one in people if "technician_id" in one]
    return {
        "people": people,
        "last_day": replay.until - timedelta(days=1) if replay is not None else None,
        "members": queries.members_by_id(db, member_ids),
        "technicians": dispatch.technicians_by_id(db, technician_ids),
        "sums": [
            (gettext(MATTER_NAMES[matter]), sums["people"], *_both(matter, sums))
            for matter in Matter
            if replay is not None and (sums := replay.sums.get(matter))
        ],
        "matter_word": lambda one: gettext(MATTER_NAMES[Matter(one["matter"])]),
        "both": lambda one: _both(Matter(one["matter"]), one, is_one=True),
        "why": _why,
    }


def _both(matter: Matter, found: Mapping[str, int], *, is_one: bool = False) -> tuple[str, str]:
    return _amount(matter, found["before"], is_one), _amount(matter, found["after"], is_one)


def _amount(matter: Matter, amount: int, is_one: bool) -> str:
    if matter in OF_MONEY:
        return str(Money(amount))
    if matter is Matter.SCORE:
        return f"{amount / 100:.2f}" if is_one else "—"
    if matter is Matter.GRADE:
        return gettext("第 %(n)s 级", n=amount) if is_one else "—"
    if matter in _YES_OR_NO and is_one:
        return gettext("是") if amount else gettext("否")
    return f"{amount:,}"


def _why(one: Mapping[str, Any]) -> str:
    return note_text(Note(text=one["why"], facts=one["facts"]))
