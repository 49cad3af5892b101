"""Who may appeal, until when and with what words; who may decide; and how people are told. Pure."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from kernel.actor import Actor, Role
from kernel.clock import local_date, midnight
from kernel.errors import Conflict, Forbidden, Invalid, Missing
from kernel.words import msg

TEXT_MIN, TEXT_MAX = 10, 300
WORDS_MIN, WORDS_MAX = 10, 200
PHOTOS_MAX = 6
# A rejected appeal may be made once more in its time, to yet another person.
ROUNDS_MAX = 2
# The longest that two persons may stop a member's bookings by hand.
BY_HAND_MAX = timedelta(days=365)

DECIDERS = frozenset({Role.DISPATCHER, Role.MANAGER, Role.ADMINISTRATOR})
LEADERS = frozenset({Role.MANAGER, Role.ADMINISTRATOR})
READERS = DECIDERS | {Role.AUDITOR}

_SHA256 = re.compile(r"[0-9a-f]{64}")
_ONE_OF_STAFF = frozenset({"staff_id", "dispatcher_id"})
_SEVERAL_OF_STAFF = frozenset({"staff_ids", "dispatcher_ids"})


class AppealSubject(StrEnum):
    """What an appeal is about."""

    STRIKE = "strike"
    BLACKLISTING = "blacklisting"
    EARNINGS = "earnings"
    BOOKING = "booking"


class AppealReason(StrEnum):
    """What happened, by him who appeals."""

    NOT_HEARD = "not_heard"
    WRONG_ADDRESS = "wrong_address"
    UNREACHABLE = "unreachable"
    TOLD_BEFORE = "told_before"
    NOT_RIGHT = "not_right"
    NOT_ALL = "not_all"
    OTHER_PRICE = "other_price"
    DAMAGE = "damage"
    OTHER = "other"


REASON_NAMES: Mapping[AppealReason, str] = MappingProxyType(
    {
        AppealReason.NOT_HEARD: msg("我在家，没听见敲门"),
        AppealReason.WRONG_ADDRESS: msg("地址写错了"),
        AppealReason.UNREACHABLE: msg("电话打不通的原因"),
        AppealReason.TOLD_BEFORE: msg("已提前说过改期"),
        AppealReason.NOT_RIGHT: msg("没装好、没修好"),
        AppealReason.NOT_ALL: msg("说好的活没做完"),
        AppealReason.OTHER_PRICE: msg("收费和说好的不一样"),
        AppealReason.DAMAGE: msg("损坏了东西"),
        AppealReason.OTHER: msg("其他"),
    }
)
# What may be said of a visit that was made; what of one that failed is the rest.
DISPUTE_REASONS = (
    AppealReason.NOT_RIGHT,
    AppealReason.NOT_ALL,
    AppealReason.OTHER_PRICE,
    AppealReason.DAMAGE,
    AppealReason.OTHER,
)


class StrikeMissing(Missing):
    """No such strike, or not his to see."""

    says = msg("没有找到这条违约记录。")


class AppealMissing(Missing):
    """No such appeal, or not his to see."""

    says = msg("没有找到这次复议。")


class BlacklistingMissing(Missing):
    """No such blacklisting, or not his to see."""

    says = msg("没有找到这次暂停预约。")


class OverrideMissing(Missing):
    """Nobody asked for that decision, or it is not his to see."""

    says = msg("没有找到这条待复核的决定。")


class MemberMissing(Missing):
    """No such member, or not his to see."""

    says = msg("没有找到这位会员。")


class Blocked(Forbidden):
    """The member's bookings are stopped; `until` is an instant, `number` the blacklisting's."""

    code = "blocked"
    says = msg(
        "您在 %(days)s 天内有 %(count)s 次没能见面，预约暂停到 %(until)s。可以申诉，由两位工作人员复核。"
    )


class BlockedByHand(Blocked):
    """Two of our people stopped the member's bookings, for a reason they wrote down."""

    says = msg("您的预约暂停到 %(until)s，原因：%(reason)s。可以申诉，由两位工作人员复核。")


class TooLateToAppeal(Conflict):
    """The time in which it could be contested is over."""

    code = "too_late"
    says = msg("复议期已过，最晚可在 %(until)s 前提出。")


class AppealUnderWay(Conflict):
    """An appeal about it is open."""

    code = "appeal_open"
    says = msg("这件事已在复议中，有结果会用微信告诉您。")


class NoMoreAppeals(Conflict):
    """It was contested ROUNDS_MAX times, or upheld."""

    code = "no_more_appeals"
    says = msg("这件事已经复议过，不能再提。")


class NotIndependent(Forbidden):
    """Whoever is named in the evidence, or decided about it before, does not decide now."""

    code = "not_independent"
    says = msg("您和这件事有关，要由另一位同事决定。")


class SamePerson(Forbidden):
    """Two persons are needed."""

    code = "same_person"
    says = msg("要由另一位同事确认。")


class NotBlacklisted(Conflict):
    """Nothing stops the member's bookings."""

    code = "not_blacklisted"
    says = msg("这位会员现在没有被暂停预约。")


class AskedBefore(Conflict):
    """The same was asked for and waits for a second person."""

    code = "asked_before"
    says = msg("已经有人提出，等另一位同事确认。")


class AppealFirst(Conflict):
    """The release answers an appeal, and is settled by deciding that."""

    code = "appeal_first"
    says = msg("这次解除属于一次复议，请在复议里决定。")


class TooShort(Invalid):
    """Fewer characters than a reader needs."""

    code = "too_short"
    says = msg("还差 %(missing)s 个字。")


class StoryTooShort(TooShort):
    """Fewer characters than whoever decides an appeal needs."""

    says = msg("还差 %(missing)s 个字。写上大概时间，审核会更快。")


class TooLong(Invalid):
    """More characters than there is room for."""

    code = "too_long"
    says = msg("多了 %(extra)s 个字，最多 %(most)s 字。")


class BadReason(Invalid):
    """None of the reasons that can be chosen."""

    code = "bad_reason"
    says = msg("请选一个原因。")


class BadPhotos(Invalid):
    """Not sha256 sums, the same twice, or more than PHOTOS_MAX."""

    code = "too_many_photos"
    says = msg("照片最多 6 张，每张只算一次。")


class BadTerm(Invalid):
    """Ends in the past, or later than BY_HAND_MAX from now."""

    code = "bad_time"
    says = msg("结束时间要在今天之后、一年之内。")


class EndsTooSoon(Invalid):
    """What is to go on for some days would be over before it begins."""

    code = "bad_time"
    says = msg("最后一天不能早于今天。")


# --- Appeals --------------------------------------------------------------------------------


def reasons_for(kind: AppealSubject) -> tuple[AppealReason, ...]:
    """Return the reasons among which he who contests that chooses."""
    if kind is AppealSubject.BOOKING:
        return DISPUTE_REASONS
    of_a_visit_made = {*DISPUTE_REASONS} - {AppealReason.OTHER}
    return tuple(reason for reason in AppealReason if reason not in of_a_visit_made)


def check_statement(*, kind: AppealSubject, reason: str, text: str, photos: Sequence[str]) -> None:
    """Refuse an appeal that says too little or too much. Raises Invalid, naming the field."""
    if reason not in reasons_for(kind):
        raise BadReason(field="reason")
    if len(text.strip()) < TEXT_MIN:
        raise StoryTooShort(field="text", missing=TEXT_MIN - len(text.strip()))
    check_length(text, field="text", least=TEXT_MIN, most=TEXT_MAX)
    if len(photos) > PHOTOS_MAX or len(set(photos)) < len(photos):
        raise BadPhotos(field="photos")
    if not all(_SHA256.fullmatch(photo) for photo in photos):
        raise BadPhotos(field="photos")


def check_words(words: str, *, field: str = "words") -> None:
    """Refuse a decision's reason that is too short or too long: it goes to the person as it is."""
    check_length(words, field=field, least=WORDS_MIN, most=WORDS_MAX)


def check_length(text: str, *, field: str, least: int, most: int) -> None:
    """Refuse a text of fewer than `least` or more than `most` characters, blanks at its ends left
    out. Raises TooShort, TooLong."""
    length = len(text.strip())
    if length < least:
        raise TooShort(field=field, missing=least - length)
    if length > most:
        raise TooLong(field=field, extra=length - most, most=most)


def check_in_time(*, until: datetime, now: datetime) -> None:
    """Refuse an appeal that comes after `until`; at that instant it is in time. Raises
    TooLateToAppeal."""
    if now > until:
        raise TooLateToAppeal(until=until)


def named_staff(evidence: object) -> frozenset[int]:
    """Return the staff whom the evidence names, at whatever depth: under the keys `staff_id`,
    `dispatcher_id` (one) and `staff_ids`, `dispatcher_ids` (several)."""
    return frozenset(_named(evidence))


def _named(evidence: object) -> Iterator[int]:
    if isinstance(evidence, Mapping):
        for key, value in evidence.items():
            if key in _ONE_OF_STAFF and isinstance(value, int):
                yield value
            elif key in _SEVERAL_OF_STAFF and isinstance(value, Sequence):
                yield from (each for each in value if isinstance(each, int))
            else:
                yield from _named(value)
    elif isinstance(evidence, Sequence) and not isinstance(evidence, str):
        for each in evidence:
            yield from _named(each)


# --- Who decides ----------------------------------------------------------------------------


def sees(by: Actor, branch_id: int | None) -> bool:
    """Tell whether a case of that branch is in the scope of one of our people; a case of no branch
    is in everybody's."""
    return by.role is Role.SYSTEM or (
        by.role in READERS and (branch_id is None or by.sees_branch(branch_id))
    )


def check_decider(by: Actor) -> None:
    """Refuse whoever only reads. Raises Forbidden."""
    if by.role not in DECIDERS:
        raise Forbidden


def check_leader(by: Actor) -> None:
    """Refuse who does not decide what is promised to all. Raises Forbidden."""
    if by.role not in LEADERS:
        raise Forbidden


def check_runs(by: Actor, store_id: int | None) -> None:
    """Refuse who neither leads all nor works at the store whose it is. Raises Forbidden."""
    if by.role is not Role.STORE:
        check_leader(by)
    elif store_id not in by.store_ids:
        raise Forbidden


def check_independent(by: Actor, *, barred: Collection[int]) -> None:
    """Refuse whoever had a hand in it. Raises NotIndependent."""
    if by.id in barred:
        raise NotIndependent


def check_second(by: Actor, *, first_id: int) -> None:
    """Refuse the first of two persons as the second. Raises SamePerson."""
    if by.id == first_id:
        raise SamePerson


def check_term(*, until: datetime, now: datetime) -> None:
    """Refuse a blacklisting by hand that ends in the past or too late. Raises BadTerm."""
    if not now < until <= now + BY_HAND_MAX:
        raise BadTerm(field="until")


# --- Deadlines ------------------------------------------------------------------------------


def is_weekday(day: date) -> bool:
    """Tell whether it is Monday to Friday; holidays and days worked instead are not known here."""
    return day.weekday() < 5


def working_days_later(
    at: datetime, days: int, *, is_worked: Callable[[date], bool] = is_weekday
) -> datetime:
    """Return the end of the working day that comes `days` working days after the day of `at`."""
    day = local_date(at)
    for _ in range(days):
        day += timedelta(days=1)
        while not is_worked(day):
            day += timedelta(days=1)
    return midnight(day + timedelta(days=1))
