"""Lists are read to their end, or not at all."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.http import CursorPage, IncompleteList, Page, paginate_cursor, paginate_link, paginate_numbered
from tests.http.wire import Seen, Wire, answer, connect


def listing(count: int, size: int, *, pages: bool = True, total: bool = True) -> Callable[[int], Page[int]]:
    def fetch(number: int) -> Page[int]:
        return Page(
            list(range(count))[(number - 1) * size : number * size],
            pages=max(1, -(-count // size)) if pages else None,
            total=count if total else None,
            size=size,
        )

    return fetch


@settings(deadline=None)
@given(st.integers(0, 60), st.integers(1, 20), st.booleans(), st.booleans(), st.booleans())
def test_all_items_in_order(count: int, size: int, pages: bool, total: bool, threads: bool) -> None:
    fetch = listing(count, size, pages=pages, total=total)
    if threads:
        with ThreadPoolExecutor(3) as pool:
            items = paginate_numbered(fetch, executor=pool, key=lambda item: item)
    else:
        items = paginate_numbered(fetch)
    assert items == list(range(count))


def test_pages_are_fetched_at_the_same_time() -> None:
    together = threading.Barrier(3)
    fetch = listing(35, 10)

    def slow(number: int) -> Page[int]:
        if number > 1:
            together.wait(10)  # breaks unless three pages are under way at once
        return fetch(number)

    with ThreadPoolExecutor(4) as pool:
        # one of the three may be fetched by the caller itself
        assert paginate_numbered(slow, executor=pool) == list(range(35))


def test_no_deadlock_when_the_executor_is_full_of_callers() -> None:
    with ThreadPoolExecutor(2) as pool:
        start = threading.Barrier(2)

        def read_list(_: int) -> list[int]:
            start.wait(10)
            return paginate_numbered(listing(50, 5), executor=pool)

        assert list(pool.map(read_list, range(2), timeout=20)) == [list(range(50))] * 2


def test_an_error_of_a_page_is_an_error() -> None:
    def fetch(number: int) -> Page[int]:
        if number == 3:
            raise TimeoutError
        return listing(50, 10)(number)

    with ThreadPoolExecutor(2) as pool, pytest.raises(TimeoutError):
        paginate_numbered(fetch, executor=pool)


def scripted(*readings: list[Page[int]]) -> tuple[Callable[[int], Page[int]], list[int]]:
    """Give each reading of the whole list its own pages."""
    asked: list[int] = []

    def fetch(number: int) -> Page[int]:
        asked.append(number)
        reading = min(asked.count(1), len(readings)) - 1
        return readings[reading][number - 1]

    return fetch, asked


GOOD = [Page([1, 2], 2, 4, 2), Page([3, 4], 2, 4, 2)]


@pytest.mark.parametrize(
    "bad",
    [
        [Page([1], 2, 4, 2), Page([3, 4], 2, 4, 2)],  # short
        [Page([], 2, 4, 2), Page([3, 4], 2, 4, 2)],  # empty
        [Page([1, 2], 2, None, 2), Page([], 2, None, 2)],  # empty at the end
        [Page([1, 2], 2, 4, 2), Page([2, 3], 2, 4, 2)],  # shifted: 4 was passed over
        [Page([1, 2], 2, None, 2), Page([2, 3], 2, None, 2)],  # the same, and no total
        [Page([1, 2], 2, 4, 2), Page([3], 2, 3, 2)],  # became shorter
        [Page([1, 2], 2, 5, 2), Page([3, 4], 2, 5, 2)],  # more promised than came
        [Page([], 1, 4, 2)],  # nothing where four were promised
    ],
)
def test_what_does_not_add_up_is_read_again_and_then_an_error(bad: list[Page[int]]) -> None:
    fetch, asked = scripted(bad, GOOD)
    assert paginate_numbered(fetch, key=lambda item: item) == [1, 2, 3, 4]
    assert asked.count(1) == 2
    fetch, asked = scripted(bad)
    with pytest.raises(IncompleteList, match="goals does not add up"):
        paginate_numbered(fetch, key=lambda item: item, name="goals")
    assert asked.count(1) == 3


def test_duplicates_that_lose_nothing_are_dropped() -> None:
    fetch, asked = scripted([Page([1, 2], 2, 3, 2), Page([2, 3], 2, 3, 2)])
    assert paginate_numbered(fetch, key=lambda item: item) == [1, 2, 3]
    assert asked == [1, 2]


def test_a_list_that_grows_while_it_is_read_is_followed() -> None:
    fetch, asked = scripted([Page([1], 2, None, 1), Page([2], 3, None, 1), Page([3], 3, None, 1)])
    assert paginate_numbered(fetch) == [1, 2, 3]
    assert asked == [1, 2, 3]


def test_cursors() -> None:
    pages = {None: CursorPage([1, 2], "a"), "a": CursorPage([], "b"), "b": CursorPage([2, 3])}
    assert paginate_cursor(pages.__getitem__) == [1, 2, 2, 3]
    assert paginate_cursor(pages.__getitem__, key=lambda item: item) == [1, 2, 3]


def test_a_cursor_that_goes_round_is_an_error() -> None:
    pages = {None: CursorPage([1], "a"), "a": CursorPage([2], "b"), "b": CursorPage([3], "a")}
    with pytest.raises(IncompleteList, match="round in circles"):
        paginate_cursor(pages.__getitem__)


def linked(base: str) -> Callable[[Seen], bytes]:
    def server(seen: Seen) -> bytes:
        if "after=2" in seen.target:
            return answer(200, [{"_id": 3}], ("Link", f'<{base}/v1/flows?x=1>; rel="prev"'))
        return answer(
            200, [{"_id": 1}, {"_id": 2}], ("Link", f'<{base}/v1/flows?after=2&q=a%26b>; rel="next", <x>; rel="last"')
        )

    return server


@pytest.mark.parametrize("base", ["https://api.integrator.io", "", "/celigo"])
def test_links_are_put_onto_our_own_base(base: str) -> None:
    with Wire(linked(base)) as wire:
        client = connect(f"{wire.url}/celigo")
        rows = paginate_link(client, "/v1/flows", query=[("limit", "2")])
    assert [row["_id"] for row in rows] == [1, 2, 3]
    assert [seen.target for seen in wire.seen] == ["/celigo/v1/flows?limit=2", "/celigo/v1/flows?after=2&q=a%26b"]


def test_a_link_that_has_only_a_query() -> None:
    with Wire(answer(200, [1], ("Link", "<?page=2>; rel=next")), answer(200, [2])) as wire:
        assert paginate_link(connect(wire), "/v1/flows") == [1, 2]
    assert wire.seen[1].target == "/v1/flows?page=2"


@pytest.mark.parametrize("reply", [b"HTTP/1.1 204 No Content\r\n\r\n", answer(200, []), answer(200, raw=b"null")])
def test_an_empty_list(reply: bytes) -> None:
    with Wire(reply) as wire:
        assert paginate_link(connect(wire), "/v1/flows") == []


def test_items_inside_an_object() -> None:
    with Wire(answer(200, {"items": [1]})) as wire:
        client = connect(wire)
        assert paginate_link(client, "/v1/items", items=lambda data: data["items"]) == [1]
        with pytest.raises(IncompleteList, match="no list but dict"):
            paginate_link(client, "/v1/items")


def test_links_in_a_circle() -> None:
    with (
        Wire(answer(200, [1], ("Link", "</v1/flows?p=2>; rel=next"))) as wire,
        pytest.raises(IncompleteList, match="circles"),
    ):
        paginate_link(connect(wire), "/v1/flows")
