"""Carrying out a plan: verify, then step by step as needs are met, with a journal that survives a kill at any moment.

`apply_plan` in `reconciler.applier.applier` is the way in.
"""
