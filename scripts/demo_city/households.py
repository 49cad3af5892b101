"""The members: who they are, where they live, and which QR code brought them."""

import math
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from booking import queries
from gateways.maps.gazetteer import Entry, Kind, qingdao
from kernel.db import Session
from kernel.geo import Point, great_circle_m
from members.models import Member, Touch
from scripts.demo_city import bulk
from scripts.demo_city.catalogue import SHOPS
from scripts.demo_city.stage import NOW, dice, number
from scripts.demo_city.territories import GROUNDS

# How many households each branch's territory has, and how many of them book again and again.
COUNTS: Mapping[str, int] = {"QD1": 820, "QD2": 620, "QD3": 500}
REGULARS: Mapping[str, int] = {"QD1": 36, "QD2": 28, "QD3": 24}
REGULAR_SHARE = 0.22
# Members by a store's code; the others came by themselves.
SCENE_SHARE = 0.65
# One in so many newcomers follows us only minutes before his first booking.
FRESH_SHARE = 0.4
OLDEST_DAYS = 420
YOUNGEST_DAYS = 24
# People live near the centre rather than at the edge of a territory: a decay length.
NEAR_M = 7_000
# As far as we know no carrier gives this segment out, so that nobody's own number is shown.
PHONE_SEGMENT = "154"
_OPENID_LETTERS = string.ascii_letters + string.digits + "-_"
OPENID_HEAD = "oDemo"
_OPENID_LENGTH = 28

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤于迟曲逄矫"
_GIVEN = (
    *("晓梅", "建国", "丽华", "志明", "雅婷", "海燕", "文博", "欣怡", "国强", "秀英", "子涵", "雪"),
    *("俊杰", "晓东", "美玲", "宇航", "春梅", "立群", "佳琪", "浩然", "淑芬", "明辉", "静怡", "磊"),
    *("思远", "玉兰", "振华", "诗涵", "永健", "凤霞", "嘉豪", "慧敏", "洪涛", "晨曦", "桂芳", "宁"),
    *("少伟", "婉清", "德胜", "若曦", "鹏飞", "爱华", "一诺", "庆云", "可欣", "长青", "书瑶", "涛"),
)


@dataclass(slots=True)
class Household:
    """One door and the member behind it; `member_id` is known once he is written."""

    branch_code: str
    name: str
    phone: str
    number: str
    openid: str
    compound: Entry
    door: str
    scene: str
    joined_at: datetime
    member_id: int = field(default=0)

    @property
    def address(self) -> str:
        """The address as booking.addresses keeps it."""
        home = self.compound
        return f"{home.district} {home.street} {home.name} {self.door}"


class Neighbourhood:
    """The households of one territory, from which demand draws."""

    def __init__(self, households: Sequence[Household], *, regulars: int) -> None:
        self._regulars = households[:regulars]
        self._others = iter(households[regulars:])

    def draw(self, throw: Random, *, asked_at: datetime) -> Household:
        """Return who books at `asked_at`: a regular, or somebody for the first time.

        Some of the latter have only just followed. Raises StopIteration when all have booked.
        """
        if throw.random() < REGULAR_SHARE:
            return throw.choice(self._regulars)
        newcomer = next(self._others)
        if throw.random() < FRESH_SHARE:
            newcomer.joined_at = asked_at - timedelta(seconds=throw.randint(180, 2_400))
        return newcomer


def compounds_by_branch() -> dict[str, list[Entry]]:
    """Return the residential compounds of each branch's districts."""
    return {
        ground.code: [
            entry
            for entry in qingdao().entries
            if entry.kind is Kind.COMPOUND and entry.district in ground.districts
        ]
        for ground in GROUNDS
    }


def settle(compounds: Mapping[str, Sequence[Entry]]) -> dict[str, list[Household]]:
    """Return the households of each branch's territory, by branch code."""
    throw = dice("households")
    return {
        ground.code: _settled(throw, ground.code, ground.depot, compounds[ground.code])
        for ground in GROUNDS
    }


def enrol(db: Session, households: Iterable[Household]) -> int:
    """Write each household's member and the touch that brought him; return how many."""
    homes = sorted(households, key=lambda home: home.joined_at)
    stores = {store.scene: store.id for store in queries.stores(db)}
    members = [_member(home, stores) for home in homes]
    bulk.insert_all(db, Member, members)
    for home, member in zip(homes, members, strict=True):
        home.member_id = member.id
    db.bulk_save_objects(
        [
            Touch(member_id=home.member_id, scene=home.scene, at=home.joined_at, followed=True)
            for home in homes
            if home.scene
        ]
    )
    return len(homes)


def _settled(
    throw: Random, branch_code: str, depot: Point, compounds: Sequence[Entry]
) -> list[Household]:
    weights = [math.exp(-great_circle_m(depot, home.point) / NEAR_M) for home in compounds]
    chosen = throw.choices(compounds, weights, k=COUNTS[branch_code])
    return [_household(throw, branch_code, compound) for compound in chosen]


def _household(throw: Random, branch_code: str, compound: Entry) -> Household:
    days = throw.uniform(YOUNGEST_DAYS, OLDEST_DAYS)
    return Household(
        branch_code=branch_code,
        name=throw.choice(_SURNAMES) + throw.choice(_GIVEN),
        phone=f"{PHONE_SEGMENT}{throw.randrange(10**8):08d}",
        number=number(throw, "M"),
        openid=_openid(throw),
        compound=compound,
        door=_door(throw),
        scene=_scene(throw, branch_code),
        joined_at=NOW - timedelta(seconds=round(days * 86_400)),
    )


def _openid(throw: Random) -> str:
    rest = _OPENID_LENGTH - len(OPENID_HEAD)
    return OPENID_HEAD + "".join(throw.choice(_OPENID_LETTERS) for _ in range(rest))


def _door(throw: Random) -> str:
    building, unit = throw.randint(1, 28), throw.randint(1, 4)
    floor, flat = throw.randint(1, 24), throw.randint(1, 4)
    return f"{building}号楼{unit}单元{floor}{flat:02d}"


def _scene(throw: Random, branch_code: str) -> str:
    """Return a store's scene, of the branch's own stores four times as often; "" for no code."""
    if throw.random() >= SCENE_SHARE:
        return ""
    weights = [shop.share * (4 if shop.branch_code == branch_code else 1) for shop in SHOPS]
    return throw.choices(SHOPS, weights)[0].scene


def _member(home: Household, stores: Mapping[str, int]) -> Member:
    return Member(
        number=home.number,
        openid=home.openid,
        name=home.name,
        phone=home.phone,
        follows=True,
        first_scene=home.scene,
        last_scene=home.scene,
        store_id=stores.get(home.scene),
        joined_at=home.joined_at,
    )
