"""Who goes where, when: branches, technicians, visits and the live plan.

Doors: `dispatch.queries`, `dispatch.live` (reads of the plan and offers), `dispatch.operations.*`.
Owns every table named `dispatch_*`. `dispatch.planner` is pure and knows nothing of this package.
"""
