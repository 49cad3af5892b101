"""What the account answers from the database: one's own bookings, a place, a spoken wish."""

from datetime import date, datetime

from booking import nearby
from booking import queries as booking
from booking.states import PROMISED
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


def mine(db: Session, *, openid: str, public_base: str, now: datetime) -> str:
    """Return the member's next bookings in words, with the way to all of them."""
    member = members.member_by_openid(db, openid)
    rows = booking.bookings_of(db, member.id) if member else ()
    ahead = sorted(
        (row for row in rows if row.state in PROMISED and row.ends_at > now),
        key=lambda row: row.starts_at,
    )
    services = booking.services_by_id(db)
    lines = [
        words.booked_line(
            when=_when(row.starts_at, row.ends_at),
            service=services[row.service_id].name,
            place=row.compound,
        )
        for row in ahead[:BOOKINGS_SHOWN]
    ]
    return words.mine(lines, more=len(ahead) - len(lines), url=f"{public_base}/c/bookings")


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


def heard(db: Session, text: str, *, public_base: str) -> str:
    """Return what was understood of a voice, with the page on which the member corrects it."""
    if not text.strip():
        return words.NOT_HEARD
    found = wish_of(db, text)
    if not found:
        return words.not_understood(text)
    name = booking.service_by_code(db, found.service).name if found.service else ""
    return words.understood(
        service=name,
        district=found.district,
        part=words.PARTS.get(found.part, ""),
        url=_link(found.service, public_base),
    )


def wish_of(db: Session, text: str) -> Wish:
    """Return what a text wishes of what is on sale here."""
    on_sale = [(service.code, service.name) for service in booking.services(db)]
    return hearing.wish(text, services=on_sale, districts=areas.districts())


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
    day: date = local_date(starts_at)
    start, end = starts_at.astimezone(SHANGHAI), ends_at.astimezone(SHANGHAI)
    return f"{day.month}月{day.day}日 周{'一二三四五六日'[day.weekday()]} {start:%H:%M}–{end:%H:%M}"
