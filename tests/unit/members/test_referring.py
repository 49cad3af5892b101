"""By which code somebody was brought."""

from dataclasses import dataclass

import pytest

from members.referring import brought_by, referral_drafts, referrer_of, scene_of
from members.rule_text import RULES


@dataclass(frozen=True)
class Touched:
    scene: str
    followed: bool


@pytest.mark.parametrize(
    ("touches", "scene"),
    [
        pytest.param([Touched("rf_M1", True)], "rf_M1", id="he_began_to_follow_by_it"),
        pytest.param([Touched("rf_M1", False)], None, id="he_followed_before"),
        pytest.param(
            [Touched("st_a", True), Touched("rf_M1", False)], None, id="another_code_came_first"
        ),
        pytest.param([], None, id="nothing"),
    ],
)
def test_the_first_code_brings_whoever_follows_by_it(
    touches: list[Touched], scene: str | None
) -> None:
    found = brought_by(touches)

    assert (found.scene if found and referrer_of(found.scene) else None) == scene


def test_a_card_says_whose_it_is() -> None:
    assert referrer_of(scene_of("M7Q2M9XK4TD")) == "M7Q2M9XK4TD"
    assert referrer_of("st_hefei") == ""


def test_who_has_had_enough_is_thanked_without() -> None:
    most = RULES.referrals_max
    both, one = (
        referral_drafts(referrer_id=1, referred_id=2, friends_before=before, rules=RULES)
        for before in (most - 1, most)
    )

    assert (len(both), len(one)) == (2, 1)
