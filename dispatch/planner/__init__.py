"""Plans a branch's day: who goes where, when; pure, in whole seconds from midnight.

Doors, each importing only those before it:
`problem` (the frozen values of a day and a plan), `constraints` (the rules and their
sentences), `judge` (scores any plan, whoever made it), `labels` (how early and how late), `insertion` (proves where one more
visit fits: offers, a dispatcher's move), `search` (proposes routes), `solver` (OR-Tools
chooses among them within a time budget; for workers only, as its import costs).
"""
