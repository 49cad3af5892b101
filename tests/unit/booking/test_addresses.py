"""Which addresses are good enough to plan a visit."""

import pytest

from booking import addresses
from booking.addresses import (
    DOOR_LENGTH_MAX,
    AddressElsewhere,
    AddressMissing,
    AddressUnknown,
    AddressVague,
    DoorMissing,
    DoorTooLong,
)
from gateways.maps.gazetteer import qingdao
from gateways.maps.places import Door
from kernel.errors import Invalid


class TestCheck:
    def test_keeps_the_whole_address_from_large_to_small(self) -> None:
        found = addresses.check("浮山后三小区", "12号楼2单元402", qingdao())

        assert found.is_sure
        assert found.address.text == "市北区 劲松四路 浮山后三小区 12号楼2单元402"
        assert (found.address.compound, found.address.door) == ("浮山后三小区", "12号楼2单元402")

    def test_reads_its_own_writing(self) -> None:
        first = addresses.check("浮山后三小区", "12号楼2单元402", qingdao())

        assert addresses.check(first.address.text, first.address.door, qingdao()) == first

    @pytest.mark.parametrize("text", ["浮山后三小区12号楼2单元402", "浮山后三小区 12-2-402"])
    def test_takes_the_door_from_behind_the_compound(self, text: str) -> None:
        assert addresses.check(text, "", qingdao()).address.door == "12号楼2单元402"

    def test_believes_the_doors_own_field_first(self) -> None:
        found = addresses.check("浮山后三小区12号楼2单元402", "3号楼", qingdao())

        assert found.address.door == "3号楼"

    def test_says_when_the_name_was_guessed(self) -> None:
        assert not addresses.check("市南区浮山后三小区", "1号楼", qingdao()).is_sure

    @pytest.mark.parametrize(
        ("text", "door", "refusal", "field"),
        [
            pytest.param("  ", "1号楼", AddressMissing, "address", id="nothing"),
            pytest.param("上海市徐汇区", "1号楼", AddressElsewhere, "address", id="elsewhere"),
            pytest.param("没有这个地方", "1号楼", AddressUnknown, "address", id="unknown"),
            pytest.param("香港中路10号", "1号楼", AddressVague, "address", id="a_street"),
            pytest.param("市南区", "1号楼", AddressVague, "address", id="a_district"),
            pytest.param("浮山后三小区", " ", DoorMissing, "door", id="no_door"),
            pytest.param(
                "浮山后三小区", "1" * (DOOR_LENGTH_MAX + 1), DoorTooLong, "door", id="long"
            ),
        ],
    )
    def test_refuses_at_the_field_that_is_wrong(
        self, text: str, door: str, refusal: type[Invalid], field: str
    ) -> None:
        with pytest.raises(refusal) as refused:
            addresses.check(text, door, qingdao())

        assert refused.value.field == field

    def test_a_door_may_have_as_many_characters_as_fit(self) -> None:
        found = addresses.check("浮山后三小区", "1" * DOOR_LENGTH_MAX, qingdao())

        assert len(found.address.door) == DOOR_LENGTH_MAX


@pytest.mark.parametrize(
    ("door", "words"),
    [
        (Door(building="12", unit="2", room="402"), "12号楼2单元402"),
        (Door(building="A", room="1203"), "A号楼1203"),
        (Door(room="402"), "402"),
        (Door(), ""),
    ],
)
def test_a_door_is_written_as_people_write_it(door: Door, words: str) -> None:
    assert addresses.door_words(door) == words
