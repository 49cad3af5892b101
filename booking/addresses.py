"""Which addresses are good enough to plan a visit. Pure but for the geocoder it is given."""

from dataclasses import dataclass

from booking.operations.drafts import Address
from gateways.maps import addresses
from gateways.maps.geocoders import Geocoder
from gateways.maps.places import Confidence, Door, Located
from kernel.errors import Invalid
from kernel.words import msg

DOOR_LENGTH_MAX = 40


class AddressMissing(Invalid):
    """Nothing was typed."""

    code = "address_missing"
    says = msg("请写小区或大厦的名字，如 浮山后三小区。")


class AddressElsewhere(Invalid):
    """The address begins with another province or city."""

    code = "out_of_area"
    says = msg("这个地址不在青岛，暂时不在服务范围。")


class AddressUnknown(Invalid):
    """Nobody knows the place."""

    code = "address_unknown"
    says = msg("没有找到这个地址，请核对小区名，或换个写法。")


class AddressVague(Invalid):
    """Only a street or a district was found: hundreds of metres wide, too wide to prove a window."""

    code = "address_vague"
    says = msg("只找到「%(place)s」，请补上小区名。")


class DoorMissing(Invalid):
    """The compound is known, the door is not."""

    code = "door_missing"
    says = msg("请写楼栋和门牌，如 12号楼2单元402。")


class DoorTooLong(Invalid):
    """More than DOOR_LENGTH_MAX characters."""

    code = "door_too_long"
    says = msg("门牌最多 40 个字，请写短一些。")


@dataclass(frozen=True, slots=True)
class Found:
    """A place that was found; `is_sure` when its very name was written, else it was guessed."""

    address: Address
    is_sure: bool


def place(text: str, geocoder: Geocoder) -> Located:
    """Return the place with its compound.

    Raises AddressMissing, AddressElsewhere, AddressUnknown, AddressVague, and Unavailable when the
    geocoder cannot be reached.
    """
    if not text.strip():
        raise AddressMissing(field="address")
    if addresses.is_elsewhere(addresses.normal(text)):
        raise AddressElsewhere(field="address")
    located = geocoder.geocode(text)
    if located is None:
        raise AddressUnknown(field="address")
    if located.confidence not in (Confidence.COMPOUND, Confidence.LIKELY):
        raise AddressVague(field="address", place=located.street or located.district)
    return located


def check(text: str, door: str, geocoder: Geocoder) -> Found:
    """Return the address as it will be kept; the door may stand in either field.

    Raises what `place` raises, DoorMissing and DoorTooLong.
    """
    located = place(text, geocoder)
    said = door.strip() or door_words(located.door)
    if not said:
        raise DoorMissing(field="door")
    if len(said) > DOOR_LENGTH_MAX:
        raise DoorTooLong(field="door")
    compound = located.compound or located.street
    parts = (located.district, located.street, located.compound, said)
    address = Address(
        text=" ".join(part for part in parts if part),
        compound=compound,
        door=said,
        point=located.point,
        is_sure=located.is_exact,
    )
    return Found(address, is_sure=located.is_exact)


def door_words(door: Door) -> str:
    """Return a door as it is written: 12号楼2单元402."""
    building = f"{door.building}号楼" if door.building else ""
    unit = f"{door.unit}单元" if door.unit else ""
    return building + unit + door.room
