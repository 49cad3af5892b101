"""What members may say of us, and how much of it. Pure."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from kernel.errors import Conflict, Invalid
from kernel.words import msg

STARS_MAX = 5
TAGS_MAX = 5
TEXT_LENGTH_MAX = 500
COMPLAINTS_OPEN_MAX = 3


class Tag(StrEnum):
    ON_TIME = "on_time"
    SKILLED = "skilled"
    POLITE = "polite"
    CLEAN = "clean"
    CLEAR_PRICE = "clear_price"
    LATE = "late"
    UNSKILLED = "unskilled"
    RUDE = "rude"
    MESSY = "messy"
    EXTRA_PRICE = "extra_price"


TAG_WORDS: Mapping[Tag, str] = {
    Tag.ON_TIME: msg("准时"),
    Tag.SKILLED: msg("手艺好"),
    Tag.POLITE: msg("有礼貌"),
    Tag.CLEAN: msg("收拾干净"),
    Tag.CLEAR_PRICE: msg("价格清楚"),
    Tag.LATE: msg("迟到"),
    Tag.UNSKILLED: msg("没修好"),
    Tag.RUDE: msg("态度差"),
    Tag.MESSY: msg("没收拾"),
    Tag.EXTRA_PRICE: msg("乱收费"),
}
# What may be said with few stars, and with many.
BAD_TAGS = (Tag.LATE, Tag.UNSKILLED, Tag.RUDE, Tag.MESSY, Tag.EXTRA_PRICE)
GOOD_TAGS = (Tag.ON_TIME, Tag.SKILLED, Tag.POLITE, Tag.CLEAN, Tag.CLEAR_PRICE)


class Topic(StrEnum):
    LATENESS = "lateness"
    MANNER = "manner"
    QUALITY = "quality"
    PRICE = "price"
    DAMAGE = "damage"
    OTHER = "other"


TOPIC_WORDS: Mapping[Topic, str] = {
    Topic.LATENESS: msg("迟到或没来"),
    Topic.MANNER: msg("服务态度"),
    Topic.QUALITY: msg("做工质量"),
    Topic.PRICE: msg("收费问题"),
    Topic.DAMAGE: msg("损坏东西"),
    Topic.OTHER: msg("其他"),
}


class BadStars(Invalid):
    """Not from one to STARS_MAX."""

    code = "bad_stars"
    says = msg("请选 1 到 5 颗星。")


class BadTags(Invalid):
    """Unknown tags, the same twice, or more than TAGS_MAX."""

    code = "bad_tags"
    says = msg("请从列表里选标签，最多 5 个。")


class BadWords(Invalid):
    """No text where one is needed, or more than TEXT_LENGTH_MAX characters."""

    code = "bad_text"
    says = msg("请写 1–500 个字。")


class NotOver(Conflict):
    """A booking is rated when its work is done."""

    code = "bad_state"
    says = msg("服务完成以后才能评价。")


class AlreadyRated(Conflict):
    """One booking, one rating."""

    code = "already_rated"
    says = msg("这张预约单已经评价过了。")


class TooManyComplaints(Conflict):
    """COMPLAINTS_OPEN_MAX complaints of one booking wait for an answer already."""

    code = "too_many_complaints"
    says = msg("这张预约单已有 3 条投诉在处理，请先等回复。")


def check_rating(*, stars: int, tags: Sequence[str], text: str) -> None:
    """Refuse what is no rating; the text may be empty. Raises BadStars, BadTags, BadWords."""
    if not 1 <= stars <= STARS_MAX:
        raise BadStars(field="stars")
    if len(tags) > TAGS_MAX or len(set(tags)) < len(tags) or not set(tags) <= set(Tag):
        raise BadTags(field="tags")
    if len(text) > TEXT_LENGTH_MAX:
        raise BadWords(field="text")


def check_words(text: str, *, field: str) -> None:
    """Refuse an empty or endless text. Raises BadWords."""
    if not text.strip() or len(text) > TEXT_LENGTH_MAX:
        raise BadWords(field=field)
