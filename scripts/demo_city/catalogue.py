"""What can be booked, with price cards; and the stores whose QR codes bring people."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from booking.models import Service
from booking.operations import catalogue
from booking.operations.catalogue import NO_CARE, Care
from kernel.db import Session
from kernel.geo import Point
from kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Ware:
    """One line of the catalogue; `share` is its part of the demand in per cent."""

    code: str
    category: str
    name: str
    short_name: str
    about: str
    icon: str
    minutes: int
    skill: str
    level: int
    yuan: int
    share: int
    options: tuple[Mapping[str, Any], ...]


def _switch(code: str, name: str, *, yuan: int, minutes: int) -> dict[str, Any]:
    return {
        "code": code,
        "name": name,
        "kind": "switch",
        "most": 1,
        "price_fen": yuan * 100,
        "work_s": minutes * 60,
    }


def _count(code: str, name: str, *, most: int, yuan: int, minutes: int) -> dict[str, Any]:
    return _switch(code, name, yuan=yuan, minutes=minutes) | {"kind": "count", "most": most}


_STAIRS = _switch("stairs", "无电梯，4 层及以上", yuan=30, minutes=10)
_DRILL = _count("drill", "墙面打孔（个）", most=4, yuan=40, minutes=10)
_HIGH = _switch("high_work", "高空作业（外机在窗外）", yuan=100, minutes=20)
_OLD_AWAY = _switch("old_taken", "拆下旧电器并带走", yuan=50, minutes=15)

WARES: tuple[Ware, ...] = (
    Ware(
        code="air_install",
        category="installation",
        name="空调安装",
        short_name="空调装",
        about="含 3 米铜管、支架检查、试机",
        icon="ac",
        minutes=75,
        skill="air",
        level=2,
        yuan=120,
        share=17,
        options=(
            _STAIRS,
            _count("pipe_m", "加长铜管（米）", most=10, yuan=80, minutes=5),
            _DRILL,
            _HIGH,
            _OLD_AWAY,
        ),
    ),
    Ware(
        code="air_clean",
        category="maintenance",
        name="空调清洗",
        short_name="清洗",
        about="拆洗滤网与蒸发器，高温杀菌",
        icon="sparkles",
        minutes=50,
        skill="cleaning",
        level=1,
        yuan=128,
        share=15,
        options=(
            _count("more_units", "再洗一台（台）", most=3, yuan=98, minutes=35),
            _switch("cabinet", "柜机", yuan=40, minutes=15),
            _switch("high_clean", "清洗外机（高空作业）", yuan=100, minutes=25),
        ),
    ),
    Ware(
        code="washer_install",
        category="installation",
        name="洗衣机安装",
        short_name="洗衣机",
        about="拆运输螺栓、接进出水、调平试机",
        icon="washer",
        minutes=40,
        skill="appliance",
        level=1,
        yuan=60,
        share=13,
        options=(
            _STAIRS,
            _switch("stacked", "与烘干机叠放（含支架）", yuan=120, minutes=25),
            _switch("tap", "加装专用龙头", yuan=45, minutes=10),
            _OLD_AWAY,
        ),
    ),
    Ware(
        code="heater_install",
        category="installation",
        name="热水器安装",
        short_name="热水器",
        about="承重检查、挂机、接水路、试漏",
        icon="flame",
        minutes=60,
        skill="heater",
        level=2,
        yuan=150,
        share=9,
        options=(
            _STAIRS,
            _count("pipe_m", "加长水管（米）", most=8, yuan=35, minutes=5),
            _DRILL,
            _switch("frame", "空心墙承重支架", yuan=90, minutes=15),
            _OLD_AWAY,
        ),
    ),
    Ware(
        code="heater_repair",
        category="maintenance",
        name="热水器检修",
        short_name="检修",
        about="上门检测、清垢、换镁棒，配件另计",
        icon="wrench",
        minutes=45,
        skill="heater",
        level=2,
        yuan=90,
        share=9,
        options=(
            _switch("rod", "更换镁棒", yuan=85, minutes=10),
            _switch("descale", "内胆深度除垢", yuan=120, minutes=30),
        ),
    ),
    Ware(
        code="tv_mount",
        category="installation",
        name="电视挂装",
        short_name="电视挂",
        about="定位、打孔、挂装、整线",
        icon="tv",
        minutes=45,
        skill="appliance",
        level=2,
        yuan=100,
        share=11,
        options=(
            _switch("large", "75 寸及以上（两人抬装）", yuan=80, minutes=20),
            _switch("swing", "伸缩旋转支架", yuan=160, minutes=10),
            _DRILL,
        ),
    ),
    Ware(
        code="filter_change",
        category="maintenance",
        name="净水器滤芯",
        short_name="净水",
        about="更换滤芯、冲洗、测水质",
        icon="droplet",
        minutes=30,
        skill="water",
        level=1,
        yuan=50,
        share=11,
        options=(
            _count("filters", "加换一支滤芯（支）", most=4, yuan=60, minutes=5),
            _switch("membrane", "更换反渗透膜", yuan=280, minutes=15),
        ),
    ),
    Ware(
        code="hood_clean",
        category="maintenance",
        name="油烟机清洗",
        short_name="烟机",
        about="拆洗风轮、油网与油杯，擦净外壳",
        icon="stove",
        minutes=60,
        skill="cleaning",
        level=1,
        yuan=168,
        share=8,
        options=(
            _switch("deep", "重油垢深度拆洗", yuan=60, minutes=20),
            _switch("stove", "同时清洗灶具", yuan=60, minutes=20),
        ),
    ),
    Ware(
        code="fridge_delivery",
        category="delivery",
        name="冰箱送货",
        short_name="冰箱",
        about="送货入户、拆包就位、通电检查",
        icon="fridge",
        minutes=30,
        skill="delivery",
        level=1,
        yuan=80,
        share=7,
        options=(
            _count("floors", "无电梯搬运（层）", most=10, yuan=10, minutes=3),
            _switch("side_by_side", "对开门或超宽（两人搬）", yuan=60, minutes=10),
            _OLD_AWAY,
        ),
    ),
    Ware(
        code="washer_delivery",
        category="delivery",
        name="洗衣机送货",
        short_name="送洗衣",
        about="送货入户、拆包就位；可与安装同一天",
        icon="washer",
        minutes=20,
        skill="delivery",
        level=1,
        yuan=60,
        share=0,
        options=(_count("floors", "无电梯搬运（层）", most=10, yuan=10, minutes=3),),
    ),
    Ware(
        code="sample_bring",
        category="tryout",
        name="试用品送到家",
        short_name="送试用",
        about="送到、装好、教会用；只为申请了试用的会员",
        icon="package",
        minutes=25,
        skill="delivery",
        level=1,
        yuan=0,
        share=0,
        options=(),
    ),
    Ware(
        code="sample_fetch",
        category="tryout",
        name="试用品取回",
        short_name="取试用",
        about="上门检查、打包带走；只为申请了试用的会员",
        icon="package",
        minutes=15,
        skill="delivery",
        level=1,
        yuan=0,
        share=0,
        options=(),
    ),
)


# What bookings of a service bring along, and the delivery that may come before an installation.
BRINGS: Mapping[str, tuple[Mapping[str, str], ...]] = {
    "washer_delivery": ({"kind": "goods", "name": "洗衣机"},),
    "fridge_delivery": ({"kind": "goods", "name": "冰箱"},),
}
DELIVERED_BY = {"washer_install": "washer_delivery"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """One store, at the branch of that code; `share` is its part of the followers in per cent."""

    code: str
    name: str
    scene: str
    branch_code: str
    welcome: str
    address: str
    point: Point
    share: int


SHOPS: tuple[Shop, ...] = (
    Shop(
        code="hailu",
        name="青岛海尔路旗舰店",
        scene="st_hailu",
        branch_code="QD2",
        welcome="您好，欢迎来到青岛海尔路旗舰店。在店里买的家电，送货和安装都可以在这里约，"
        "点下面「约上门」选个方便的时间。",
        address="崂山区海尔路 63 号",
        point=Point(36.1121, 120.4506),
        share=18,
    ),
    Shop(
        code="taidong",
        name="青岛台东店",
        scene="st_taidong",
        branch_code="QD1",
        welcome="您好，这里是青岛台东店。新家电当天可约送装，点下面「约上门」，"
        "师傅准点到，费用提前看得清。",
        address="市北区台东一路 49 号",
        point=Point(36.0846, 120.3541),
        share=20,
    ),
    Shop(
        code="licun",
        name="青岛李村店",
        scene="st_licun",
        branch_code="QD2",
        welcome="您好，欢迎关注青岛李村店。送货、安装、清洗、检修都能约，"
        "点下面「约上门」，能约的时段师傅一定到。",
        address="李沧区京口路 28 号",
        point=Point(36.1598, 120.4241),
        share=13,
    ),
    Shop(
        code="zhengyang",
        name="青岛正阳路店",
        scene="st_zhengyang",
        branch_code="QD3",
        welcome="您好，这里是青岛正阳路店，服务城阳各小区。点下面「约上门」选时间，"
        "完工后积分自动到账。",
        address="城阳区正阳路 136 号",
        point=Point(36.3066, 120.3972),
        share=14,
    ),
)


# What is ticked before the work is done, by ware; installations are photographed as a whole.
CHECKS = {
    "air_install": ("支架固定牢，承重试过", "制冷制热都试过", "排水管不漏、坡度对"),
    "air_clean": ("滤网、蒸发器都洗过", "开机试过，没有异响"),
    "washer_install": ("进水排水不漏", "脚垫调平，脱水不晃"),
    "heater_install": ("进出水接头不漏", "漏电保护试跳过", "挂架受力正常"),
    "heater_repair": ("通电试机，水温正常",),
    "tv_mount": ("挂架拉力试过", "画面水平"),
    "hood_clean": ("油杯、滤网归位", "开机试过，没有异响"),
}
SHOT_OF_INSTALLATION = "装好后的全景"
# What is done again after so many months, and what the member is told meanwhile.
CARE: Mapping[str, Care] = {
    "air_install": Care(12, "air_clean", "滤网每两周冲一次，晾干再装回"),
    "air_clean": Care(12, "", "滤网每两周冲一次，晾干再装回"),
    "filter_change": Care(6, "", "水流变小时不要拧大阀门，先看滤芯"),
    "hood_clean": Care(6, "", "油杯八分满就倒，别等溢出"),
}


def put_on_sale(db: Session) -> dict[str, Service]:
    """Put every ware on sale and return the services by code."""
    return {
        ware.code: catalogue.add_service(
            db,
            code=ware.code,
            category=ware.category,
            name=ware.name,
            short_name=ware.short_name,
            about=ware.about,
            icon=ware.icon,
            work_s=ware.minutes * 60,
            skill=ware.skill,
            level=ware.level,
            price=Money(ware.yuan * 100),
            options=ware.options,
            brings=BRINGS.get(ware.code, ()),
            checks=CHECKS.get(ware.code, ()),
            shots=(SHOT_OF_INSTALLATION,) if ware.category == "installation" else (),
            delivery_code=DELIVERED_BY.get(ware.code),
            care=CARE.get(ware.code, NO_CARE),
            place=place,
        )
        for place, ware in enumerate(WARES, start=1)
    }


def open_stores(db: Session, *, branch_ids: Mapping[str, int]) -> int:
    """Open every store; `branch_ids` are by branch code. Return how many."""
    for shop in SHOPS:
        catalogue.add_store(
            db,
            code=shop.code,
            name=shop.name,
            scene=shop.scene,
            branch_id=branch_ids[shop.branch_code],
            welcome=shop.welcome,
            address=shop.address,
            point=shop.point,
        )
    return len(SHOPS)
