"""What is sold and promised: the catalogue, stores, drafts and bookings.

Doors: `booking.queries`, `booking.operations.*`. Owns every table named `booking_*`. Calls down to
dispatch for places and to members for the ledger.
"""
