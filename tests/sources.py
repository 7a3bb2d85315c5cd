"""One source file of the program as the rules of the house see it: where it stands, what it imports and defines."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Self

KERNEL = {
    "errors": 0,
    "times": 1,
    "tokens": 1,
    "vault": 1,
    "key_files": 1,
    "db": 1,
    "prepared": 1,
    "mail": 2,
}  # a lower figure stands further left
DOMAIN = (
    "accounts",
    "curriculum",
    "prompts",
    "library",
    "groups",
    "planning",
    "materials",
    "reminders",
    "reports",
    "participant",
)
RANK = {
    "rules": 0,
    "plan": 1,
    "ical": 1,
    "models": 2,
    "forms": 2,
    "wording": 2,
    "queries": 3,
    "service": 4,
    "letters": 4,
}
PURE = ("rules", "plan", "ical")
KINDS = (*RANK, "views")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Place:
    """Where a module stands: the package (or the top-level module) and what kind of module it is."""

    package: str
    kind: str

    @classmethod
    def of(cls, dotted: str) -> Self:
        """Return the place of a name such as facilitator.planning.rules_slots."""
        parts = [*dotted.split("."), "", ""]
        name = parts[2]
        kinds = (kind for kind in KINDS if name == kind or name.startswith(f"{kind}_") or name.endswith(f"_{kind}"))
        return cls(parts[1], next(kinds, name))

    @property
    def area(self) -> str:
        """Return which import rule holds here; what is named nowhere ties things together, like cli and worker."""
        if self.package in KERNEL:
            return "kernel"
        if self.kind == "views":
            return "views"
        if self.package in DOMAIN:
            return "domain"
        return self.package if self.package in ("attendance", "web") else "edge"

    @property
    def is_pure(self) -> bool:
        """Tell whether only values may come in and go out here."""
        return self.kind in PURE or self == MAIL_OUTCOME


MAIL_OUTCOME = Place("mail", "outcome")  # what a mail server answered, as values that rules may judge


@dataclass(frozen=True, slots=True)
class Module:
    """One source file, parsed."""

    path: PurePath
    source: str
    tree: ast.Module
    dotted: str

    @classmethod
    def parse(cls, path: str, source: str) -> Self:
        """Return the module that a path relative to the project's folder and its text make."""
        pure = PurePath(path)
        parts = pure.with_suffix("").parts
        return cls(pure, source, ast.parse(source), ".".join(parts[:-1] if parts[-1] == "__init__" else parts))

    @property
    def place(self) -> Place:
        """Return where this module stands."""
        return Place.of(self.dotted)

    @property
    def is_ours(self) -> bool:
        """Tell whether this is a part of the package rather than config.py or dev.py."""
        return self.path.parts[0] == "facilitator"

    def at(self, node: ast.AST, words: str) -> str:
        """Return a finding."""
        return f"{self.path}:{getattr(node, 'lineno', 1)} {words}"

    def imports(self) -> Iterator[tuple[ast.AST, str]]:
        """List every import, wherever it stands, as (node, full dotted name)."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((node, f"{self._base(node)}.{alias.name}") for alias in node.names)

    def functions(self) -> Iterator[Function]:
        """List every function and method."""
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))

    def _base(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.dotted.split(".")
        kept = len(parts) - node.level + (self.path.name == "__init__.py")
        return ".".join([*parts[:kept], *([node.module] if node.module else [])])


def length(function: Function) -> int:
    """Return a function's lines from its def to its end, docstring and all."""
    return (function.end_lineno or function.lineno) - function.lineno + 1
