"""Lists in pages, read to the end and checked: an object that is missing from a list must never look deleted.

Numbered pages are read concurrently once the first says how many there are. Objects may come and go between two pages:
what does not add up is read again, and if it still does not, IncompleteList is raised.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from reconciler.http.errors import IncompleteList

if TYPE_CHECKING:
    from reconciler.http.client import Client

__all__ = ["CursorPage", "Page", "paginate_cursor", "paginate_link", "paginate_numbered"]

T = TypeVar("T")

_READS = 3
_MOST_PAGES = 100_000


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One numbered page. ``pages``, ``total`` and ``size`` are what the server says about the list, None if nothing.

    ``size`` is the number of items of a full page. With neither ``pages`` nor ``total`` the list ends with the first
    page that has fewer items than ``size``, or none.
    """

    items: Sequence[T]
    pages: int | None = None
    total: int | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class CursorPage(Generic[T]):
    """One page and the cursor of the next; None: there is none."""

    items: Sequence[T]
    next: str | None = None


def paginate_numbered(
    fetch_page: Callable[[int], Page[T]],
    *,
    executor: Executor | None = None,
    key: Callable[[T], Hashable] | None = None,
    name: str = "the list",
) -> list[T]:
    """Read all pages, from number 1, and give the items in order, each once by ``key``.

    Pages after the first are fetched through ``executor``; it is safe to call this from one of its own threads. Read
    again, up to three times, when a page is short or empty while more were promised, when the number of items is not
    the promised one, or when the pages speak of different totals. Raises IncompleteList, and whatever ``fetch_page``
    raises.
    """
    problem = ""
    for _ in range(_READS):
        pages = _all_pages(fetch_page, executor)
        items, problem = _checked(pages, key)
        if not problem:
            return items
    raise IncompleteList(f"{name} does not add up after {_READS} readings: {problem}")


def _all_pages(fetch: Callable[[int], Page[T]], executor: Executor | None) -> list[Page[T]]:
    pages = [fetch(1)]
    while True:
        promised = _promised(pages)
        if promised is None:
            if not pages[-1].items or _is_short(pages[-1]):
                return pages
            pages.append(fetch(len(pages) + 1))
        elif promised > len(pages):  # also when the list grew while it was read
            pages += _fetch_many(fetch, range(len(pages) + 1, promised + 1), executor)
        else:
            return pages
        if len(pages) > _MOST_PAGES:
            raise IncompleteList(f"the list does not end after {_MOST_PAGES} pages")


def _promised(pages: Sequence[Page[T]]) -> int | None:
    counts = [page.pages for page in pages if page.pages is not None]
    if counts:
        return max(counts)
    totals = [page.total for page in pages if page.total is not None]
    size = pages[0].size or len(pages[0].items)
    if not totals:
        return None
    return -(-max(totals) // size) if size else 1


def _is_short(page: Page[T]) -> bool:
    return page.size is not None and len(page.items) < page.size


def _fetch_many(fetch: Callable[[int], Page[T]], numbers: range, executor: Executor | None) -> list[Page[T]]:
    if executor is None or len(numbers) == 1:
        return [fetch(number) for number in numbers]
    futures: list[Future[Page[T]]] = [executor.submit(fetch, number) for number in numbers]
    try:
        # What no thread has begun is done here: all threads of the executor may be waiting for pages just as we are.
        return [
            fetch(number) if future.cancel() else future.result()
            for number, future in zip(numbers, futures, strict=True)
        ]
    finally:
        for future in futures:
            future.cancel()


def _checked(pages: Sequence[Page[T]], key: Callable[[T], Hashable] | None) -> tuple[list[T], str]:
    items = [item for page in pages for item in page.items]
    unique = _unique(items, key)
    totals = {page.total for page in pages if page.total is not None}
    if len(totals) > 1:
        return unique, f"its length changed while it was read ({', '.join(map(str, sorted(totals)))} items)"
    for number, page in enumerate(pages[:-1], 1):
        if not page.items or _is_short(page):
            return unique, f"page {number} of {len(pages)} has only {len(page.items)} items"
    for total in totals:
        if len(unique) != total:
            return unique, f"{len(unique)} different items came where {total} were promised"
    if not totals and len(pages) > 1 and pages[0].pages is not None and not pages[-1].items:
        return unique, f"the last of {len(pages)} pages is empty"
    if not totals and len(unique) != len(items):
        return unique, f"{len(items) - len(unique)} items came twice, so others may have been passed over"
    return unique, ""


def _unique(items: Sequence[T], key: Callable[[T], Hashable] | None) -> list[T]:
    if key is None:
        return list(items)
    found: dict[Hashable, T] = {}
    for item in items:
        found.setdefault(key(item), item)
    return list(found.values())


def paginate_cursor(
    fetch: Callable[[str | None], CursorPage[T]],
    *,
    key: Callable[[T], Hashable] | None = None,
    name: str = "the list",
) -> list[T]:
    """Read page after page, the first with None, until there is no next; items each once by ``key``.

    An empty page with a next one is read over. Raises IncompleteList when a cursor comes back a second time: the server
    goes round in circles and nobody knows what is missing.
    """
    items: list[T] = []
    seen: set[str] = set()
    cursor: str | None = None
    while True:
        page = fetch(cursor)
        items += page.items
        cursor = page.next
        if cursor is None:
            return _unique(items, key)
        if cursor in seen:
            raise IncompleteList(f"{name} goes round in circles after {len(items)} items")
        seen.add(cursor)
        if len(seen) > _MOST_PAGES:
            raise IncompleteList(f"{name} does not end after {_MOST_PAGES} pages")


def paginate_link(
    client: "Client",
    path: str,
    *,
    query: Sequence[tuple[str, str]] = (),
    items: Callable[[Any], Iterable[Any] | None] | None = None,
    key: Callable[[Any], Hashable] | None = None,
) -> list[Any]:
    """Read a list that names its next page in a Link header (RFC 8288), as Celigo does.

    Of the link only path and query count, put onto our own base address: the host in it may be another. An empty answer
    (204) and ``null`` are an empty page. ``items`` takes the items out of the JSON; by default it is the list itself.
    Raises IncompleteList for an answer that is no list, or a link that was followed already.
    """

    def fetch(cursor: str | None) -> CursorPage[Any]:
        where, what = (path, list(query)) if cursor is None else client.base.reroot(cursor)
        response = client.request("GET", where, query=what)
        data = response.json()
        rows = data if items is None or data is None else items(data)
        if rows is None:
            rows = []
        if isinstance(rows, str | bytes | dict) or not isinstance(rows, Iterable):
            raise IncompleteList(f"{path} answered no list but {type(data).__name__}", url=response.url, method="GET")
        return CursorPage(list(rows), _next_link(response.headers.get("link", ""), str(client.base.url), where))

    return paginate_cursor(fetch, key=key, name=path)


def _next_link(header: str, base: str, where: str) -> str | None:
    """Take the target of ``rel=next`` as an absolute or root-relative address."""
    import httpx

    if not header:
        return None
    # httpx's own reading of the header keeps the last of several relations; a response is the public way to it
    links = httpx.Response(200, headers={"link": header}).links
    target = links.get("next", {}).get("url")
    if target is None:
        for rel, link in links.items():  # rel="next last": several names in one
            if "next" in str(rel).lower().split():
                target = link.get("url")
    if not target:
        return None
    return str(httpx.URL(base + where).join(target))
