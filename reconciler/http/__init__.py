"""HTTP for the adapters: authentication, throttle, retry, pagination, redaction.

The names below are loaded on first use: ``Redactor``, ``Rate`` or the errors cost next to nothing, only ``Client``
brings in httpx (about 0.1 s). Everything is synchronous and safe to use from several threads.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

# httpx brings its own command line along when click and rich are there, which we have: 0.1 s that nothing here needs.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None is how an import is turned off

if TYPE_CHECKING:
    from reconciler.http.auth import Auth, BasicAuth, HeaderAuth, NoAuth
    from reconciler.http.client import Client
    from reconciler.http.clock import Budget, Clock
    from reconciler.http.errors import (
        BadAnswer,
        BudgetExhausted,
        Conflict,
        Forbidden,
        ForeignHost,
        HttpError,
        IncompleteList,
        Invalid,
        NotFound,
        ServerError,
        Throttled,
        Unauthorized,
        UnclearOutcome,
        Unreachable,
        WriteRefused,
    )
    from reconciler.http.hosts import HostPolicy
    from reconciler.http.log import Counters, RequestLog
    from reconciler.http.pagination import CursorPage, Page, paginate_cursor, paginate_link, paginate_numbered
    from reconciler.http.rate import Limiter, Rate
    from reconciler.http.redact import Redactor
    from reconciler.http.response import Response
    from reconciler.http.retry import RetryPolicy
    from reconciler.http.transport import Timeouts
    from reconciler.http.urls import segment

__all__ = [
    "Auth",
    "BadAnswer",
    "BasicAuth",
    "Budget",
    "BudgetExhausted",
    "Client",
    "Clock",
    "Conflict",
    "Counters",
    "CursorPage",
    "Forbidden",
    "ForeignHost",
    "HeaderAuth",
    "HostPolicy",
    "HttpError",
    "IncompleteList",
    "Invalid",
    "Limiter",
    "NoAuth",
    "NotFound",
    "Page",
    "Rate",
    "Redactor",
    "RequestLog",
    "Response",
    "RetryPolicy",
    "ServerError",
    "Throttled",
    "Timeouts",
    "Unauthorized",
    "UnclearOutcome",
    "Unreachable",
    "WriteRefused",
    "paginate_cursor",
    "paginate_link",
    "paginate_numbered",
    "segment",
]

_HOMES = {
    "auth": ("Auth", "BasicAuth", "HeaderAuth", "NoAuth"),
    "client": ("Client",),
    "clock": ("Budget", "Clock"),
    "hosts": ("HostPolicy",),
    "log": ("Counters", "RequestLog"),
    "pagination": ("CursorPage", "Page", "paginate_cursor", "paginate_link", "paginate_numbered"),
    "rate": ("Limiter", "Rate"),
    "redact": ("Redactor",),
    "response": ("Response",),
    "retry": ("RetryPolicy",),
    "transport": ("Timeouts",),
    "urls": ("segment",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # What is not listed is an error class: they all live in one module.
    value = getattr(import_module(f"{__name__}.{_HOME_OF.get(name, 'errors')}"), name)
    globals()[name] = value
    return value
