"""Who people are to us: members, staff and their sign-ins, and the ledger of points.

Doors: `members.queries`, `members.operations.*`. Owns every table named `members_*`.
"""
