"""Places inside stored objects by dotted names: `settings.min_running_time`, `variations.0.name`."""

from __future__ import annotations

from typing import Any


def set_dotted(stored: dict[str, Any], path: str, value: Any) -> None:
    """Set what a dotted path names, in place; objects on the way are made where there are none.

    In a list a part of the path is a position; one past the end appends. Raises ValueError where a path leads nowhere.
    """
    *way, last = path.split(".")
    place: Any = stored
    for part in way:
        if isinstance(place, list):
            place = place[_position(place, part, path, most=len(place) - 1)]
        elif isinstance(place, dict):
            if place.get(part) is None:
                place[part] = {}
            place = place[part]
        else:
            raise ValueError(f"{path}: {part!r} is below a plain value")  # noqa: TRY004 - bad input, not a bad type
    if isinstance(place, list):
        position = _position(place, last, path, most=len(place))
        place[position : position + 1] = [value]
    elif isinstance(place, dict):
        place[last] = value
    else:
        raise ValueError(f"{path}: {last!r} is below a plain value")  # noqa: TRY004 - bad input, not a bad type


def _position(items: list[Any], part: str, path: str, *, most: int) -> int:
    if not part.isdigit() or int(part) > most:
        raise ValueError(f"{path}: {part!r} is no position in a list of {len(items)}")
    return int(part)
