"""What the account answers from the database: one's own bookings, a place, a spoken wish."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from booking import nearby
from booking import queries as booking
from conversations import hearing, words
from conversations.hearing import Wish
from dispatch import areas
from dispatch.queries import OutOfArea
from gateways.maps import gazetteer
from gateways.wechat.messages import LocationSent
from kernel.clock import SHANGHAI, instant_at, local_date
from kernel.db import Session
from members import queries as members

BOOKINGS_SHOWN, WINDOWS_SHOWN = 3, 3


def mine(
    db: Session, openids: Collection[str], *, public_base: str, now: datetime
) -> dict[str, str]:
    """Return those people's next bookings in words, with the way to all of them, by openid."""
    if not openids:
        return {}
    url = f"{public_base}/c/bookings"
    ahead = booking.bookings_ahead(db, openids, now=now)
    if ahead:
        services = booking.services_by_id(db)
        people = members.members_by_id(db, sorted(ahead))
    told = dict.fromkeys(openids, words.mine((), more=0, url=url))
    for member_id, rows in ahead.items():
        lines = [
            words.booked_line(
                when=_when(row.starts_at, row.ends_at),
                service=services[row.service_id].name,
                place=row.compound,
            )
            for row in rows[:BOOKINGS_SHOWN]
        ]
        told[people[member_id].openid] = words.mine(lines, more=len(rows) - len(lines), url=url)
    return told


def stores(db: Session, openids: Collection[str], *, public_base: str) -> dict[str, str]:
    """Return where those people's own stores are, by openid."""
    return {openid: _store_of(db, openid, f"{public_base}/c/stores") for openid in openids}


def _store_of(db: Session, openid: str, url: str) -> str:
    member = members.member_by_openid(db, openid)
    his = member and booking.own_store(
        db, first_scene=member.first_scene, last_scene=member.last_scene
    )
    return (
        words.store_at(his.name, his.address, url=url) if his else words.store_at("", "", url=url)
    )


def place_name(message: LocationSent) -> str:
    """Return the 小区 there, else what the phone calls the place."""
    near = gazetteer.qingdao().reverse(message.point)
    return near.name if near else message.label


def place(db: Session, message: LocationSent, *, public_base: str, now: datetime) -> str:
    """Return whether we come to that place, and when next."""
    code, service = _usual_service(db, message.openid)
    if not code:
        return words.HELP
    name = place_name(message)
    try:
        found = nearby.next_windows(
            db, service_code=code, point=message.point, estate=name, now=now, limit=WINDOWS_SHOWN
        )
    except OutOfArea:
        return words.not_served(name)
    lines = [
        _when(instant_at(o.day, o.window.open_s), instant_at(o.day, o.window.shut_s)) for o in found
    ]
    return words.served(name, service=service, lines=lines, url=_link(code, public_base))


def heard(
    db: Session, texts: Collection[str], *, public_base: str, now: datetime
) -> dict[str, str]:
    """Return what was understood of voices, each with the page on which the member corrects it."""
    if not texts:
        return {}
    on_sale = _on_sale(db)
    return {text: _understood(text, on_sale, public_base, now) for text in texts}


def written(
    db: Session, texts: Collection[str], *, public_base: str, now: datetime
) -> dict[str, str]:
    """Return what was understood of those lines that wish for a visit, as of voices; the others are
    not in it."""
    maybe = [text for text in texts if is_wish(text)]
    if not maybe:
        return {}
    on_sale = _on_sale(db)
    return {
        text: _understood(text, on_sale, public_base, now)
        for text in maybe
        if any(hearing.names_thing(text, name) for _, name in on_sale)
    }


def is_wish(text: str) -> bool:
    """Tell whether a typed line may wish for a visit, without asking what is on sale."""
    return hearing.may_be_wish(text, districts=areas.districts())


def _understood(
    text: str, on_sale: Sequence[tuple[str, str]], public_base: str, now: datetime
) -> str:
    found = hearing.wish(text, services=on_sale, districts=areas.districts(), today=local_date(now))
    if not found:
        return words.not_understood(text)
    return words.understood(
        service=dict(on_sale).get(found.service, ""),
        district=found.district,
        when=" ".join(
            filter(None, (_day(found.day) if found.day else "", words.PARTS.get(found.part, "")))
        ),
        url=_link(found.service, public_base),
    )


def wish_of(db: Session, text: str, *, said_at: datetime) -> Wish:
    """Return what a text wishes of what is on sale here."""
    today = local_date(said_at)
    return hearing.wish(text, services=_on_sale(db), districts=areas.districts(), today=today)


def _on_sale(db: Session) -> list[tuple[str, str]]:
    return [(service.code, service.name) for service in booking.services(db)]


def _usual_service(db: Session, openid: str) -> tuple[str, str]:
    """Return code and name of the service of his last draft while it is on sale, else of the
    catalogue's first; "" when nothing is on sale."""
    member = members.member_by_openid(db, openid)
    draft = booking.latest_draft(db, member.id) if member else None
    on_sale = booking.services(db)
    his = [service for service in on_sale if draft and service.id == draft.service_id]
    return next(((service.code, service.name) for service in [*his, *on_sale]), ("", ""))


def _link(code: str, public_base: str) -> str:
    # Where he lives stays out of addresses: the page looks up what he sent last.
    return f"{public_base}/c/book/{code}?said=last" if code else f"{public_base}/c/"


def _when(starts_at: datetime, ends_at: datetime) -> str:
    start, end = starts_at.astimezone(SHANGHAI), ends_at.astimezone(SHANGHAI)
    return f"{_day(local_date(starts_at))} {start:%H:%M}–{end:%H:%M}"


def _day(day: date) -> str:
    return f"{day.month}月{day.day}日 周{'一二三四五六日'[day.weekday()]}"
