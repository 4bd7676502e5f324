"""From declarations, state and live objects to one frozen plan: read, match, diff, order, guard.

`make_plan` in `reconciler.planner.planner` is the way in; the other modules are its steps, in that order.
"""
