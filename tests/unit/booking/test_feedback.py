"""What may be said of a booking."""

import pytest

from booking.feedback import (
    TAG_WORDS,
    TOPIC_WORDS,
    BadStars,
    BadTags,
    BadWords,
    Tag,
    Topic,
    check_rating,
    check_words,
)
from kernel.errors import Refusal


class TestRating:
    @pytest.mark.parametrize("stars", [1, 5])
    def test_has_one_to_five_stars(self, stars: int) -> None:
        check_rating(stars=stars, tags=[], text="")

    @pytest.mark.parametrize("stars", [0, 6, -1])
    def test_has_no_other(self, stars: int) -> None:
        with pytest.raises(BadStars):
            check_rating(stars=stars, tags=[], text="")

    def test_has_five_tags_at_most(self) -> None:
        check_rating(stars=5, tags=list(Tag)[:5], text="好" * 500)

    @pytest.mark.parametrize(
        ("tags", "text", "refusal"),
        [
            (list(Tag)[:6], "", BadTags),
            (["on_time", "on_time"], "", BadTags),
            (["<script>"], "", BadTags),
            ([], "好" * 501, BadWords),
        ],
    )
    def test_refuses_what_is_no_rating(
        self, tags: list[str], text: str, refusal: type[Refusal]
    ) -> None:
        with pytest.raises(refusal):
            check_rating(stars=5, tags=tags, text=text)


def test_a_complaint_needs_words() -> None:
    check_words("迟到两小时", field="text")
    for text in ("", "  ", "气" * 501):
        with pytest.raises(BadWords):
            check_words(text, field="text")


def test_every_tag_and_topic_has_its_words() -> None:
    assert set(TAG_WORDS) == set(Tag)
    assert set(TOPIC_WORDS) == set(Topic)
