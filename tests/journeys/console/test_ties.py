"""What crosses routes, written down at the console."""

import pytest

from dispatch import queries, ties
from kernel.db import transaction
from tests.house import tomorrow
from tests.journeys.console.conftest import DeskOf, Town
from tests.journeys.console.desk import Desk, a_promise

PAGE = "/console/ties"


@pytest.fixture
def lead(desk_of: DeskOf) -> Desk:
    return desk_of("manager")


def test_a_partner_is_written_down_and_dropped(lead: Desk, town: Town) -> None:
    page = lead.open(f"{PAGE}?branch={town.here}")
    assert "还没有合作方" in page.text

    shown = lead.send(page.form("/partners"), name="海信服务", visits="12", people="2")
    assert "海信服务 今日已派 0 / 12 单 王师2 · 明日 0 单" in shown.text
    with transaction(reads_only=True) as db:
        [partner] = ties.partners(db, branch_id=town.here)
    assert (partner.visits_max, partner.technician_ids) == (12, [2])

    assert "还没有合作方" in lead.send(shown.form("/remove")).text


def test_a_partner_without_technicians_is_refused_at_its_field(lead: Desk, town: Town) -> None:
    page = lead.open(f"{PAGE}?branch={town.here}")

    refused = lead.send(page.form("/partners"), name="海信服务", visits="12")

    assert refused.status == 422
    assert "请至少选一位本网点的师傅" in refused.text
    assert refused.form("/partners").fields["name"] == "海信服务"


def test_windows_are_kept_for_a_tag(lead: Desk, town: Town) -> None:
    lead.send(lead.open("/console/tags").form("/tags"), name="VIP")
    form = lead.open(f"{PAGE}?branch={town.here}").form("/kept")

    refused = lead.send(form, tag="1", hours="24")
    shown = lead.send(form, tag="1", hours="24", kept="28800-36000")

    assert "请选本网点的时段，至少一个" in refused.text
    assert "08:00–10:00 留给带「VIP」标签的会员；别的会员开始前 24 小时" in shown.text


def test_a_tool_names_the_services_that_need_it(lead: Desk, town: Town) -> None:
    form = lead.open(f"{PAGE}?branch={town.here}&add=tool").form("/tools")

    refused = lead.send(form, tool="人字梯", count="2")
    shown = lead.send(form, tool="人字梯", count="2", services="air_install")

    assert "请至少选一项用到它的服务" in refused.text
    assert "人字梯 今日 0 / 2 件在用 今天还没有人要用" in shown.text


def test_what_was_ticked_outlives_a_refusal(lead: Desk, town: Town) -> None:
    partners = lead.open(f"{PAGE}?branch={town.here}").form("/partners")
    tools = lead.open(f"{PAGE}?branch={town.here}&add=tool").form("/tools")

    people = lead.send(partners, name="", visits="12", people="2")
    services = lead.send(tools, tool="", count="2", services="air_install")

    assert people.form("/partners").fields["people"] == "2"
    assert services.form("/tools").fields["services"] == "air_install"


def test_a_crew_is_chosen_among_the_visits_of_a_day(lead: Desk, town: Town) -> None:
    for _ in range(2):
        a_promise(town.member)
    with transaction(reads_only=True) as db:
        visits = queries.visits_in_routes(db, branch_id=town.here, day=tomorrow()).values()
    one, other = (visit.number for visit in visits)
    crew = f"{PAGE}?branch={town.here}&add=crew&day={tomorrow()}"
    assert "这一天没有可以一起上门的单" in lead.open(f"{PAGE}?branch={town.here}&add=crew").text
    assert one not in lead.open(f"{crew}&q=没有这个小区").text
    form = lead.open(crew).form("/crews")

    refused = lead.send(form, visits=one)
    shown = lead.post(form.action, form.press({}) | {"visits": [one, other]})

    assert refused.status == 422
    assert "每单只能排一次" in refused.text
    assert "11月24日 周二 时刻还没定，下一次优化会排在一起" in shown.text
    assert "这一天没有可以一起上门的单" in lead.open(crew).text


def test_a_quota_says_how_far_it_is_used_and_a_row_leads_to_its_form(
    lead: Desk, town: Town
) -> None:
    a_promise(town.member)
    page = lead.open(f"{PAGE}?branch={town.here}")
    for most in ("1", "0"):
        form = page.form("/partners")
        sent = form.press({"name": "海信服务", "visits": most})
        lead.post(form.action, sent | {"people": [str(nth) for nth in range(1, 9)]})
    shown = lead.open(f"{PAGE}?branch={town.here}&row=1")

    assert "今日已派 0 / 0 单 已满" in shown.text
    assert "明日 1 单" in shown.text
    assert shown.form("/partners").fields["name"] == "海信服务"


def test_a_load_and_a_van_are_counted(lead: Desk, town: Town) -> None:
    form = lead.open(f"{PAGE}?branch={town.here}&add=load").form("/loads")

    shown = lead.send(form, service="air_install", down="2", up="1")
    lead.send(lead.open("/console/technicians/1").form("/rules"), van="8")

    assert "送去 2 件，带回 1 件" in shown.text
    with transaction(reads_only=True) as db:
        assert queries.technician(db, 1).van_room == 8
    lead.send(lead.open("/console/technicians/1").form("/rules"), van="")
    with transaction(reads_only=True) as db:
        assert queries.technician(db, 1).van_room is None


def test_hours_are_spread_once_it_is_said(lead: Desk, town: Town) -> None:
    lead.send(lead.open(f"{PAGE}?branch={town.here}").form("/fair"))

    with transaction(reads_only=True) as db:
        assert queries.branch(db, town.here).is_fair
    back = lead.open(f"{PAGE}?branch={town.here}")
    assert "不再均衡" in back.text
    lead.send(back.form("/fair"))
    with transaction(reads_only=True) as db:
        assert not queries.branch(db, town.here).is_fair


def test_dispatchers_only_read_it(desk: Desk, town: Town) -> None:
    page = desk.open(f"{PAGE}?branch={town.here}")

    assert "合作方配额" in page.text
    assert "合作方名称" not in page.text
    sent = {"branch": str(town.here), "name": "x", "visits": "1", "people": "1"}
    assert desk.post(f"{PAGE}/partners", sent).status == 403


def test_speaks_english(lead: Desk, town: Town) -> None:
    lead.post("/language/en", {"next": PAGE})

    text = lead.open(f"{PAGE}?branch={town.here}").text

    assert "Partner quotas" in text
    assert "合作方" not in text
