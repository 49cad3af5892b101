"""Appliances: the models and serial numbers that are genuine, and whose each one is."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant


class ApplianceModel(Base):
    """A model that is sold; months of 0 mean no warranty, no regular maintenance."""

    __tablename__ = "booking_appliance_model"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    warranty_months: Mapped[int]
    maintenance_months: Mapped[int]


class SerialImport(Base):
    """One list of genuine serial numbers that was taken in."""

    __tablename__ = "booking_serial_import"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    file_name: Mapped[str]
    # How many rows it had, and how many of them were new.
    rows: Mapped[int]
    added: Mapped[int]
    actor_role: Mapped[str]
    actor_id: Mapped[int]
    at: Mapped[datetime] = mapped_column(Instant)


class Serial(Base):
    """A serial number that the maker vouches for."""

    __tablename__ = "booking_serial"

    id: Mapped[int] = mapped_column(primary_key=True)
    serial: Mapped[str] = mapped_column(unique=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("booking_appliance_model.id"))
    import_id: Mapped[int] = mapped_column(ForeignKey("booking_serial_import.id"))


class Asset(Base):
    """One appliance in a member's home, known by its serial number (家电档案)."""

    __tablename__ = "booking_asset"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    serial: Mapped[str] = mapped_column(unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members_member.id"), index=True)
    # None for one that no list vouches for: it has a history, but no warranty.
    model_id: Mapped[int | None] = mapped_column(ForeignKey("booking_appliance_model.id"))
    # The day on which we put it up; none when the member told us of it himself.
    installed_on: Mapped[date | None]
    bound_at: Mapped[datetime | None] = mapped_column(Instant)
    # The last day of the warranty, once it is bound.
    warranty_until: Mapped[date | None]
    next_maintenance_on: Mapped[date | None] = mapped_column(index=True)
    made_at: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}


class AssetBooking(Base):
    """A booking that had to do with the appliance: its history."""

    __tablename__ = "booking_asset_booking"
    __table_args__ = (UniqueConstraint("asset_id", "booking_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey("booking_asset.id"))
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking_booking.id"), index=True)
    # The visit at which its serial number was scanned.
    visit_id: Mapped[int] = mapped_column(ForeignKey("dispatch_visit.id"))
    at: Mapped[datetime] = mapped_column(Instant)
