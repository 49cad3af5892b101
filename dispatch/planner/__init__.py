"""Plans a branch's day: who goes where, when; in whole seconds from midnight.

Pure but for the solver. Each room imports only those before it: `problem` (the frozen
values of a day and a plan), `constraints` (the rules and their sentences), `judge` (scores
any plan, whoever made it), `arrays` (a day as the kernel reads it), `compiling` and `kernel`
(labels, insertion and search steps, compiled), `insertion` (proves where one more visit
fits: offers, a dispatcher's move), `mending` and `trial` (where a solving begins, what it
may hand out), `lateness` (how likely a promise is missed), `search` (proposes routes),
`happenings`, `shifting` and `repair` (what to do when a day breaks), `master` (OR-Tools
chooses among them), `solver` (all of it within a time budget; for workers only, as its
import costs).
"""
