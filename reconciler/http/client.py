"""The client of one account: what every request goes through."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from threading import Lock
from typing import Any, NoReturn, Self

import httpx
import orjson

from reconciler.http.auth import Auth
from reconciler.http.call import Call, failure, refusal
from reconciler.http.clock import Budget, Clock
from reconciler.http.credentials import Credentials
from reconciler.http.errors import (
    BadAnswer,
    BudgetExhausted,
    ForeignHost,
    HttpError,
    UnclearOutcome,
    Unreachable,
    WriteRefused,
)
from reconciler.http.hosts import HostPolicy
from reconciler.http.log import RequestLog
from reconciler.http.rate import Limiter, Rate
from reconciler.http.redact import Redactor
from reconciler.http.response import Response, is_json, request_id
from reconciler.http.retry import (
    Fault,
    Mode,
    RetryPolicy,
    fault_of,
    is_throttle,
    may_retry,
    outcome_unclear,
    retry_after,
)
from reconciler.http.transport import MAX_IDLE, Timeouts, make_transport
from reconciler.http.urls import Base, wire_url

__all__ = ["Client"]

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_REPEATABLE = frozenset({"PUT", "DELETE"})
_MAX_REDIRECTS = 5
_FRESH = 2.0  # seconds: a write that cannot be repeated takes no connection that the server may be closing right now


@cache
def _agent() -> str:
    try:
        return f"reconciler/{version('reconciler')}"
    except PackageNotFoundError:  # run from a source tree
        return "reconciler"


class Client:
    """Sends the requests of one account to one platform; safe to use from many threads.

    ``auth`` may be a function that makes it: called at the first request, after the host was found good, so that no
    secret is resolved for a stranger. ``rate`` may be a Limiter that several clients share. ``guard(method, path)`` is
    called before each sending and raises to stop it. With ``read_only`` every request that is not a read raises
    WriteRefused: a plan cannot write. Raises ForeignHost when ``base_url`` is not the platform's.

    The loop of attempts is our own, not a library's: its waits end when the run is stopped, one wait holds back the
    whole account, and tests inject its clock.
    """

    def __init__(
        self,
        base_url: str,
        auth: Auth | Callable[[], Auth],
        *,
        rate: Rate | Limiter,
        hosts: HostPolicy,
        account: str = "",
        timeouts: Timeouts | None = None,
        budget: Budget | None = None,
        log: RequestLog | None = None,
        redactor: Redactor | None = None,
        headers: Mapping[str, str] | None = None,
        retry: RetryPolicy | None = None,
        read_only: bool = False,
        guard: Callable[[str, str], None] | None = None,
        transport: httpx.BaseTransport | None = None,
        clock: Clock | None = None,
    ) -> None:
        hosts.check(base_url)
        self.base = Base(base_url)
        self.account = account
        self.read_only = read_only
        self.log = log or RequestLog()
        self.redactor = redactor or Redactor()
        self._hosts = hosts
        self._clock = clock or Clock()
        self._retry = retry or RetryPolicy()
        self._limiter = (
            rate if isinstance(rate, Limiter) else Limiter(rate, clock=self._clock, jitter=self._retry.jitter)
        )
        self._timeouts = timeouts or Timeouts()
        self._budget = budget or Budget(clock=self._clock)
        self._credentials = Credentials(auth, self.redactor, self._clock)
        self._guard = guard
        self._transport = transport
        self._transport_lock = Lock()
        # LeadConduit answers 403 to a request without Accept
        self._headers = {"accept": "application/json", "accept-encoding": "gzip, deflate", "user-agent": _agent()}
        self._headers |= {name.lower(): value for name, value in (headers or {}).items()}

    @property
    def clock_skew(self) -> float | None:
        """Seconds that the platform's clock is ahead of ours, to about one; None before its first Date header."""
        return self._credentials.skew

    @property
    def rate(self) -> Rate:
        """What the account may be asked to bear, as the project and the platform say."""
        return self._limiter.rate

    def close(self) -> None:
        """Close idle connections. The client can be used again; it then opens new ones."""
        if self._transport is not None:
            self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        json: Any = None,
        content: bytes | None = None,
        idempotent: bool | None = None,
        reads: bool | None = None,
        headers: Iterable[tuple[str, str]] = (),
        timeout: float | None = None,
    ) -> Response:
        """Send a request and give its answer, any 2xx; everything else is raised (see ``reconciler.http.errors``).

        ``path`` is joined to the base address; ids in it go through ``segment``. ``query`` is plain text, quoted here.
        ``json`` is sent as compact UTF-8; ``content`` as it is. ``reads`` says that nothing is changed (default: GET,
        HEAD, OPTIONS; some platforms list by POST). ``idempotent`` says that a write may be repeated (default: PUT,
        DELETE). ``timeout`` is the longest silence in seconds, for slow calls.
        """
        method = method.upper()
        is_read = method in _READING if reads is None else reads
        if not is_read and self.read_only:
            raise WriteRefused(f"{method} {path} would write, and this run only reads")
        if is_read:
            mode = Mode.READ
        else:
            mode = Mode.IDEMPOTENT if (method in _REPEATABLE if idempotent is None else idempotent) else Mode.ONCE
        own = dict(self._headers)
        if json is not None:
            content = orjson.dumps(json)
            own["content-type"] = "application/json"
        for name, value in headers:
            own[name.lower()] = value
        limits = self._timeouts
        silence = limits.read if timeout is None else timeout
        waits = {"connect": limits.connect, "read": silence, "write": limits.write, "pool": limits.connect}
        extensions: dict[str, Any] = {"timeout": waits}
        if mode is Mode.ONCE:
            extensions[MAX_IDLE] = _FRESH
        return self._run(Call(method, path, self.base.join(path, query), content or b"", own, mode, extensions))

    def _run(self, call: Call) -> Response:
        read = call.mode is Mode.READ
        while True:
            call.attempt += 1
            try:
                call.waited += self._limiter.enter(read=read, budget=self._budget)
            except BudgetExhausted as error:
                reason = error.message
            else:
                try:
                    outcome = self._send(call)
                finally:
                    self._limiter.leave(read=read)
                if isinstance(outcome, tuple):
                    self._judge_fault(call, *outcome)
                elif (response := self._judge(call, outcome)) is not None:
                    return response
                continue
            self._give_up(call, reason)

    def _send(self, call: Call) -> httpx.Response | tuple[Fault, str]:
        """Make one attempt; what becomes of it is judged after the place in the queue was given back."""
        if self._guard is not None:
            self._guard(call.method, call.path)
        transport = self._transport or self._open_transport()
        credentials = self._credentials
        auth = credentials.get()
        call.signed_with, call.signed_offset = credentials.number, auth.clock_offset
        signed = credentials.sign(call.method, wire_url(call.url), call.body)
        headers = {**call.headers, **{name.lower(): value for name, value in signed.items()}}
        request = httpx.Request(
            call.method, call.url, headers=headers, content=call.body or None, extensions=call.extensions
        )
        outcome: httpx.Response | tuple[Fault, str]
        status = number = None
        received = 0
        start = self._clock.now()
        try:
            outcome = transport.handle_request(request)
            try:
                received = len(outcome.read())
            except BaseException:
                outcome.close()
                raise
        except httpx.TransportError as error:
            outcome = (fault_of(error), str(error) or type(error).__name__)
        except (httpx.DecodingError, httpx.StreamError) as error:
            outcome = (Fault.GARBLED, str(error))
        elapsed = self._clock.now() - start
        note = None
        if isinstance(outcome, tuple):
            note = self.redactor.redact_text(outcome[1])
        else:
            status, number = outcome.status_code, request_id(outcome.headers)
            outcome.extensions["elapsed"] = elapsed
            if date := outcome.headers.get("date"):
                credentials.compare_clocks(date, elapsed)
        self.log.record(
            self.account,
            call.method,
            partial(self._shown, call.url),
            status=status,
            error=note,
            attempt=call.attempt,
            waited=call.waited,
            elapsed=elapsed,
            sent=len(call.body),
            received=received,
            request_id=number,
        )
        call.waited = 0.0
        return outcome

    def _judge(self, call: Call, answer: httpx.Response) -> Response | None:
        """Give the answer if it is a good one, None if the call is to be sent again; else raise."""
        status = answer.status_code
        if 200 <= status < 300:
            return self._accept(call, answer)
        if answer.has_redirect_location:
            self._redirect(call, answer)
            return None
        body = answer.content
        credentials = self._credentials
        if not call.refreshed and credentials.get().expired(status, body):
            call.refreshed = True
            if credentials.renew(call.signed_with, call.signed_offset):
                call.attempt -= 1
                return None
        throttle = is_throttle(status, body)
        asked = retry_after(answer.headers, self._clock.wall() + (credentials.skew or 0.0))
        call.maybe_applied |= outcome_unclear(call.mode, status)
        if asked is None or asked <= self._retry.longest_wait:
            wait = self._retry.backoff(call.attempt, asked, throttle=throttle)
            if throttle or (status == 503 and asked is not None):
                self._limiter.pause(wait)
            if may_retry(
                call.mode, status, throttle=throttle, asked=asked is not None
            ) and call.attempt < self._retry.attempts_for(429 if throttle else status):
                self._wait(call, wait)
                return None
        raise refusal(call, answer, self.redactor, throttle=throttle, asked=asked)

    def _accept(self, call: Call, answer: httpx.Response) -> Response | None:
        shown = partial(self._shown, call.url)
        elapsed = answer.extensions["elapsed"]
        response = Response(call.method, shown, answer.status_code, answer.headers, answer.content, elapsed)
        if is_json(answer.headers):
            try:
                response.json()
            except BadAnswer as error:
                reason = error.message
            else:
                return response
            self._judge_fault(call, Fault.GARBLED, reason, answer)
            return None
        return response

    def _judge_fault(self, call: Call, fault: Fault, reason: str, answer: httpx.Response | None = None) -> None:
        """Return if the call is to be sent again; else raise."""
        call.maybe_applied |= outcome_unclear(call.mode, fault)
        if may_retry(call.mode, fault) and call.attempt < self._retry.attempts_for(fault):
            self._wait(call, self._retry.backoff(call.attempt, None))
            return
        note = ""
        kind: type[HttpError] = Unreachable
        if call.maybe_applied:
            kind, note = UnclearOutcome, "; it may have been carried out"
        elif fault is Fault.GARBLED:
            kind = BadAnswer
        place = call.url.netloc.decode("ascii")
        raise failure(kind, call, f"{place} {fault.value}: {reason}{note}", self.redactor, answer)

    def _redirect(self, call: Call, answer: httpx.Response) -> None:
        here = call.url
        try:
            there = here.join(answer.headers["location"])
        except httpx.InvalidURL:
            there = httpx.URL()
        same = (there.scheme, there.netloc) == (here.scheme, here.netloc)
        upgrade = here.scheme == "http" and there.scheme == "https" and there.host == here.host
        why = ""
        if call.mode is not Mode.READ:
            why = "a write is not sent on, it could lose its body on the way"
        elif not (same or upgrade) or there.userinfo:
            why = "credentials stay with the host they were meant for"
        elif call.hops >= _MAX_REDIRECTS:
            why = "too many redirects"
        if why:
            place = there.netloc.decode("ascii") or "nowhere"
            raise failure(ForeignHost, call, f"redirected to {place}, not followed: {why}", self.redactor, answer)
        self._hosts.check(there)
        call.hops += 1
        call.attempt -= 1
        call.url = there.copy_with(fragment=None)
        if answer.status_code == 303 and call.method != "HEAD":
            call.method, call.body = "GET", b""
            call.headers.pop("content-type", None)

    def _wait(self, call: Call, seconds: float) -> None:
        start = self._clock.now()
        try:
            self._budget.sleep(seconds)
        except BudgetExhausted as error:
            reason = error.message
        else:
            call.waited += self._clock.now() - start
            return
        self._give_up(call, reason)

    def _give_up(self, call: Call, reason: str) -> NoReturn:
        if call.maybe_applied:
            why = f"{reason}; an earlier attempt may have been carried out"
            raise failure(UnclearOutcome, call, why, self.redactor)
        raise failure(BudgetExhausted, call, reason, self.redactor)

    def _open_transport(self) -> httpx.BaseTransport:
        with self._transport_lock:
            if self._transport is None:
                self._transport = make_transport(self.base.url, self._timeouts)
            return self._transport

    def _shown(self, url: httpx.URL) -> str:
        return self.redactor.redact_url(wire_url(url))
