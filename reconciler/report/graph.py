"""What depends on what, drawn from the declarations: Mermaid for pages that render it, DOT for Graphviz."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconciler.model.address import parse_exact

if TYPE_CHECKING:
    from reconciler.project.model import Declaration, Project

_MERMAID = re.compile(r"""[^\w .,:/@+'()=-]""")
_DOT = re.compile(r'[\\"]')


def mermaid(project: Project) -> str:
    """Return a Mermaid flowchart: a box per account, an arrow from each resource to what it needs."""
    names = _names(project)
    lines = ["flowchart LR"]
    for number, (account, members) in enumerate(_accounts(project)):
        lines.append(f'  subgraph account{number}["{_mermaid(account)}"]')
        lines.extend(f'    {names[found.address]}["{_mermaid(label(found))}"]' for found in members)
        lines.append("  end")
    for source, target, explicit in _edges(project):
        lines.append(f"  {names[source]} {'-.->' if explicit else '-->'} {names[target]}")
    return "\n".join(lines) + "\n"


def dot(project: Project) -> str:
    """Return a Graphviz digraph: a cluster per account, an edge from each resource to what it needs."""
    names = _names(project)
    lines = ["digraph reconciler {", "  rankdir=LR;", "  node [shape=box];"]
    for number, (account, members) in enumerate(_accounts(project)):
        lines.extend((f"  subgraph cluster_{number} {{", f'    label="{_dot(account)}";'))
        lines.extend(f'    {names[found.address]} [label="{_dot(label(found))}"];' for found in members)
        lines.append("  }")
    for source, target, explicit in _edges(project):
        lines.append(f"  {names[source]} -> {names[target]}{' [style=dashed]' if explicit else ''};")
    lines.append("}")
    return "\n".join(lines) + "\n"


def label(declaration: Declaration) -> str:
    """Return what stands in a resource's box: its address without the account, which its frame says."""
    parsed = parse_exact(declaration.address)
    if parsed is None:
        return declaration.address
    inner = declaration.address.removeprefix(parsed.module_path).removeprefix(".").removeprefix(f"{parsed.account}.")
    return f"{parsed.module_path}: {inner}" if parsed.module_path else inner


def _names(project: Project) -> dict[str, str]:
    """Return an id per address that neither language can misread, the same from run to run."""
    return {address: f"r{number}" for number, address in enumerate(project.declarations)}


def _accounts(project: Project) -> Iterator[tuple[str, list[Declaration]]]:
    groups: dict[str, list[Declaration]] = {}
    for declaration in project.declarations.values():
        groups.setdefault(declaration.account, []).append(declaration)
    yield from groups.items()


def _edges(project: Project) -> Iterator[tuple[str, str, bool]]:
    """Yield arrows between declared resources; the third says that only `$depends_on` makes it."""
    from reconciler.model.values import refs_in

    for declaration in project.declarations.values():
        typed = {ref.address for ref in refs_in(declaration.body)}
        for target in declaration.deps:
            if target in project.declarations and target != declaration.address:
                yield declaration.address, target, target not in typed


def _mermaid(text: str) -> str:
    return _MERMAID.sub(lambda match: f"#{ord(match[0])};", text)


def _dot(text: str) -> str:
    return _DOT.sub(lambda match: "\\" + match[0], text)
