"""Plans a branch's day: who goes where, when; in whole seconds from midnight.

Pure but for the solver. Each room imports only those before it: `problem` (the frozen
values of a day and a plan), `constraints` (the rules and their sentences), `judge` (scores
any plan, whoever made it), `labels` (how early and how late), `insertion` (proves where
one more visit fits: offers, a dispatcher's move), `search` (proposes routes), `mending`
and `trial` (where a solving begins, what it may hand out), `solver` (OR-Tools chooses
within a time budget; for workers only, as its import costs).
"""
