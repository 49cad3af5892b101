"""The entry: fills an empty database with the demo city, all of it or nothing."""

from collections.abc import Mapping

from sqlalchemy import select

from booking.models import Service
from dispatch.models import Branch
from dispatch.planner import compiling
from kernel import demo
from kernel.actor import Actor, Role
from kernel.db import Session, transaction
from kernel.settings import Mode, Settings
from members.models import Member, Staff
from scripts.demo_city import (
    ahead,
    caring,
    catalogue,
    growing,
    history,
    households,
    journal,
    lively,
    payments,
    people,
    records,
    rewards,
    sign_ins,
    territories,
    today,
)
from scripts.demo_city.households import Household, Neighbourhood
from scripts.demo_city.letters import Letters
from scripts.demo_city.office import Office
from scripts.demo_city.people import Colleague
from scripts.demo_city.sign_ins import SignIn
from scripts.demo_city.stage import NOW
from scripts.demo_city.story import Sheet
from scripts.terminal import Stop, step

CONSOLE_PATH = "/console/"


def seed(settings: Settings, *, is_calm: bool = False) -> None:
    """Fill an empty database with the demo city and write the sign-ins beside it.

    The city is one transaction: interrupted, it leaves nothing and may be run again. What goes wrong
    in it this morning follows act by act; a calm city has none of it. A database with rows is left as it is. Raises Stop in production.
    """
    if settings.mode is Mode.PRODUCTION:
        raise Stop("The demo city belongs into no production database.")
    # A thousand visits are about to be proven.
    compiling.load()
    with transaction() as db:
        if not _is_empty(db):
            print("  演示城市：数据库里已有数据，不再生成 · the database has rows: left as it is")
            return
        made = _build(db, settings)
    # By itself: the city's ledger holds locks that come after a member's.
    with transaction() as db:
        caring.plan(db, by=_administrator(made))
    if is_calm:
        return
    with step("一个忙乱的早晨 · a lively morning"):
        lively.enliven(_administrator(made))
        growing.grow(_administrator(made))


def _administrator(made: list[SignIn]) -> Actor:
    return next(one.actor for one in made if one.person.role is Role.ADMINISTRATOR)


def _is_empty(db: Session) -> bool:
    owners = (Branch, Service, Member, Staff)
    return all(db.scalars(select(model.id).limit(1)).first() is None for model in owners)


def _build(db: Session, settings: Settings) -> list[SignIn]:
    with step("演示城市：网点、目录、门店 · branches, catalogue"):
        services = catalogue.put_on_sale(db)
        branches = territories.open_branches(db)
        branch_ids = {code: branch.id for code, branch in branches.items()}
        catalogue.open_stores(db, branch_ids=branch_ids)
    with step("师傅与会员 · technicians, members"):
        compounds = households.compounds_by_branch()
        team = people.take_on(db, branches=branches, homes=compounds)
        homes = households.settle(compounds)
        made = sign_ins.hire(db, branch_ids=branch_ids)
        rewards.put_out(db, by=_administrator(made))
    offices = _offices(branch_ids, team, homes, made)
    with step("前一周、今天、后两周 · the days"):
        sheets = [*history.sheets(offices), *today.sheets(offices), *ahead.sheets(offices)]
    with step("写入 · writing"):
        _write(db, sheets, services, team, homes)
    with step("登录与时钟 · sign-ins, clock"):
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        sign_ins.write_file(settings.data_dir, made, page=settings.public_base + CONSOLE_PATH)
        demo.set_now(db, to=NOW)
    return made


def _offices(
    branch_ids: Mapping[str, int],
    team: Mapping[str, list[Colleague]],
    homes: Mapping[str, list[Household]],
    made: list[SignIn],
) -> list[Office]:
    """Return the branches at work; demand follows the number of technicians."""
    staff = {sign_in.person.role: sign_in.actor for sign_in in made}
    dispatcher, manager = staff[Role.DISPATCHER], staff[Role.MANAGER]
    everyone = sum(len(colleagues) for colleagues in team.values())
    return [
        Office(
            code=code,
            branch_id=branch_id,
            share=len(team[code]) / everyone,
            colleagues=team[code],
            neighbourhood=Neighbourhood(homes[code], regulars=households.REGULARS[code]),
            publisher=dispatcher if dispatcher.sees_branch(branch_id) else manager,
        )
        for code, branch_id in branch_ids.items()
    ]


def _write(
    db: Session,
    sheets: list[Sheet],
    services: Mapping[str, Service],
    team: Mapping[str, list[Colleague]],
    homes: Mapping[str, list[Household]],
) -> None:
    members = [home for settled in homes.values() for home in settled]
    households.enrol(db, members)
    written = records.write(db, sheets, services)
    payments.write(db, written)
    told = journal.of(sheets, written, members)
    records.write_days(db, sheets, journal.plan_changes(told))
    technicians = {
        c.technician.id: c.technician for colleagues in team.values() for c in colleagues
    }
    journal.write(db, told, Letters(technicians))
