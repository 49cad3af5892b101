"""Who people are to us: members, staff and their sign-ins; the ledger; strikes, the risk ladder, the
blacklist and appeals.

Doors: `members.queries`, `members.strike_queries`, `members.ledger_queries`, `members.operations.*`;
the rules in `members.risk`, `members.ledger` and `members.policy` are pure. Owns every table named
`members_*`.
"""
