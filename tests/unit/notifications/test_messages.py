"""Every message held against its golden file and against WeChat's field types.

To write the golden files anew after a change that is meant:
REWRITE_GOLDEN=1 pytest tests/unit/notifications/test_messages.py
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateways.wechat.fields import check_field, check_fields
from kernel.clock import instant_at
from notifications import messages
from notifications.messages import SPECS, Spec
from notifications.reactions import surname

GOLDEN = Path(__file__).parents[2] / "golden" / "messages"
TEN = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
NOON = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the world may put into a message."""

    service: str = "空调安装"
    compound: str = "浮山后三小区"
    door: str = "12号楼2单元402"
    technician: str = "王建国"
    work_number: str = "QD1003"
    starts_at: datetime = TEN
    ends_at: datetime = NOON
    at: datetime = datetime(2026, 11, 26, 2, 5, tzinfo=UTC)
    points: int = 180
    balance: int = 1280

    @property
    def place(self) -> str:
        return messages.place(compound=self.compound, door=self.door)


CASES = {
    "ordinary": Facts(),
    "long": Facts(
        service="中央空调多联机（一拖四）整套安装与旧机拆除清运服务",
        compound="海信天玺国际公寓东区三期高层住宅楼（金家岭金融区）",
        door="12号楼2单元1402",
        technician="欧阳尼亚孜·买买提江",
        work_number="QINGDAO-BRANCH-NORTH-0001-2026-LONG",
        points=99_999,
        balance=123_456_789,
    ),
    "long door": Facts(compound="城", door="地下二层商铺与后院连通处右转第三个小门（蓝色）"),
    "foreign": Facts(
        service="Smart-lock installation & maintenance",
        compound="Olympic Sailing Centre Apartments",
        door="Tower B, 1402",
        technician="Alexander",
        work_number="QD-7",
    ),
    "hostile": Facts(
        service="空调\n安装\t<b>免费</b>",
        compound="浮山后🏠三小区",
        door="12-2-402\u202e",
        technician="🔧老王",
        work_number="工号七",
        points=0,
        balance=0,
    ),
    "midnight": Facts(
        starts_at=instant_at(TEN.date(), 22 * 3600),
        ends_at=instant_at(TEN.date(), 24 * 3600 - 60),
        at=instant_at(TEN.date(), 0),
    ),
}

# What the messages of the common form say: what each is about (none: the place), and what next.
NOTICES = {
    "M2": ("", "请点开确认到时在家"),
    "M3": ("洗衣机已到仓", "点开看商品到了哪里"),
    "M6": ("王师傅 QD1003", "时间不变，服务码也不变"),
    "M8": ("", "已扣 20 积分，原时段已放开"),
    "M9": ("您取消了预约", "记 1 次违约，24 小时内可复议"),
    "M10": ("师傅临时无法上门", "已赔付，请点开优先选时间"),
    "M11": ("10:00-12:00", "超时自动赔付，不用申请"),
    "M13": ("", "24 小时内可复议，之前不生效"),
    "M14": ("高空作业 ¥80.00", "您同意才加，不同意照原约定做"),
    "M15": ("缺少配件", "请点开优先选第二次的时间"),
    "M16": ("", "请点开验收，24 小时后自动验收"),
    "M18": ("服务已结束", "可以看保修和下次保养时间"),
    "M19": ("复议成立", "积分和违约已退回"),
    "D1": ("", "师傅在门口等您，请接电话或开门"),
    "W1": ("", "为您留到 10:30，点开确认"),
    "C1": ("¥10.00 代金券", "已自动到账，不用申请"),
    "P1": ("¥30.00", "付款晚了，时段已约满，全额退回"),
    "A1": ("180 天内 3 次没能见面", "可以申诉，由两位工作人员复核"),
    "A2": ("可以重新预约", "欢迎回来"),
}


def _notice_of(kind: str) -> Callable[[Facts], dict[str, str]]:
    about, tip = NOTICES[kind]
    return lambda f: messages.notice(
        service=f.service,
        time=messages.window(f.starts_at, f.ends_at),
        about=about or f.place,
        tip=tip,
    )


MAKERS: Mapping[str, Callable[[Facts], dict[str, str]]] = {
    "M1": lambda f: messages.booked(
        service=f.service, starts_at=f.starts_at, ends_at=f.ends_at, place=f.place
    ),
    "M4": lambda f: messages.offered(
        service=f.service, starts_at=f.starts_at, ends_at=f.ends_at, place=f.place
    ),
    "M5": lambda f: messages.assigned(
        service=f.service,
        starts_at=f.starts_at,
        ends_at=f.ends_at,
        technician=surname(f.technician),
        work_number=f.work_number,
    ),
    "M7": lambda f: messages.departed(technician=surname(f.technician), eta=f.at, place=f.place),
    "M12": lambda f: messages.arrived(technician=surname(f.technician), at=f.at, place=f.place),
    "M17": lambda f: messages.completed(
        service=f.service, at=f.at, points=f.points, balance=f.balance
    ),
    **{kind: _notice_of(kind) for kind in NOTICES},
}


def shown(spec: Spec) -> str:
    """Return the golden file of a message: how it reads in each case."""
    parts = [f"{spec.kind} {spec.title}"]
    for name, facts in CASES.items():
        fields = MAKERS[spec.kind](facts)
        lines = [f"{label}：{fields[key]}" for key, label in spec.fields]
        parts.append("\n".join([f"[{name}]", *lines]))
    return "\n\n".join(parts) + "\n"


@pytest.mark.parametrize("kind", SPECS)
class TestEveryMessage:
    def test_reads_as_its_golden_file(self, kind: str) -> None:
        golden = GOLDEN / f"{kind}.txt"
        if "REWRITE_GOLDEN" in os.environ:
            golden.write_text(shown(SPECS[kind]), encoding="utf-8")

        assert shown(SPECS[kind]) == golden.read_text(encoding="utf-8")

    @pytest.mark.parametrize("case", CASES)
    def test_holds_what_wechat_takes(self, kind: str, case: str) -> None:
        fields = MAKERS[kind](CASES[case])

        check_fields(fields)
        assert list(fields) == [key for key, _ in SPECS[kind].fields]

    def test_has_a_template_that_names_its_fields(self, kind: str) -> None:
        spec = SPECS[kind]

        assert re.findall(r"\{\{([a-z_]+\d+)\.DATA\}\}", spec.content) == [
            k for k, _ in spec.fields
        ]
        assert len(spec.content.splitlines()) == len(spec.fields)


class TestAnyFacts:
    TEXT = st.text(max_size=60)

    @given(service=TEXT, compound=TEXT, door=TEXT, technician=TEXT, work_number=TEXT)
    def test_never_keep_a_message_from_being_sent(
        self, service: str, compound: str, door: str, technician: str, work_number: str
    ) -> None:
        facts = Facts(
            service=service,
            compound=compound,
            door=door,
            technician=technician,
            work_number=work_number,
        )

        for maker in MAKERS.values():
            check_fields(maker(facts))


class TestPlace:
    def test_that_is_short_stays_as_it_is(self) -> None:
        assert messages.place(compound="浮山后三小区", door="12-2-402") == "浮山后三小区12-2-402"

    def test_that_is_long_keeps_its_door(self) -> None:
        found = messages.place(compound="海信天玺国际公寓东区三期高层住宅楼", door="2单元1402")

        assert found.endswith("…2单元1402")
        assert found.startswith("海信天玺")
        check_field("thing3", found)

    def test_whose_door_leaves_no_room_keeps_its_compound(self) -> None:
        found = messages.booked(
            service="空调安装",
            starts_at=TEN,
            ends_at=NOON,
            place=messages.place(compound="浮山后三小区", door="地下二层商铺与后院连通处右转"),
        )

        assert found["thing3"].startswith("浮山后三小区")


class TestTimes:
    def test_are_said_in_shanghai(self) -> None:
        assert messages.window(TEN, NOON) == "2026年11月26日 10:00~12:00"
        assert messages.moment(TEN) == "2026年11月26日 10:00"


def _files() -> Iterator[str]:
    for path in GOLDEN.iterdir():
        yield path.name


def test_no_golden_file_outlives_its_message() -> None:
    assert set(_files()) == {f"{kind}.txt" for kind in SPECS}
