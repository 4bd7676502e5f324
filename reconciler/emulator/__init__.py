"""The platforms over real HTTP, for tests, demos and trying things: the other side of the wire.

Nothing here is imported from the adapters, so that the two sides cannot share a mistake.

A new platform is a class with the methods of `platform.Platform` and one line in `app.PLATFORMS`. What it gets from the
core: `faults.active()` (the faults in force for the request at hand, with `.disguise`), `table.Table` (objects by
account, with cached bodies and stale lists), `wire` (JSON answers), `tenants` (credentials), `clock` and `ids`.
"""
