"""Turns what a TOML file says into frozen values and back, and says file, entry and key when it cannot.

The dataclasses are the schema: a key that no field asks for is a mistake, and so is a field that no key fills. A field
that goes by another key in the file names it in its metadata as "key".
It must never guess: a number is not taken for text, nor text for a number.
"""

import dataclasses
import types
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from facilitator.errors import Invalid

T = TypeVar("T")

ABSENT = ("", "none")
"""How the files write "nothing here", as TOML has no null."""

NAMES = ("id", "slug", "position", "order", "focus", "text")
"""The keys that an entry may be known by, best first."""

_TYPES = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "a table",
    date: "a date",
}


def read_value(cls: type[T], raw: object, where: str) -> T:
    """Build one frozen value from a parsed TOML table.

    Args:
        cls: a dataclass whose fields name the keys.
        raw: the table.
        where: file and entry, for the message.

    Raises:
        Invalid: a key is missing, unknown or of another type than the field.
    """
    if not isinstance(raw, dict):
        raise Invalid(f"{where}: a table is expected here.")
    where = _name_entry(raw, where)
    readers = _field_readers(cls)
    unknown = sorted(set(raw) - {key for _, key, _, _ in readers})
    if unknown:
        raise Invalid(f"{where}: the key '{unknown[0]}' is not known.")
    filled = {}
    for name, key, hint, required in readers:
        if key in raw:
            filled[name] = _read(hint, raw[key], f"{where}, {key}")
        elif required:
            raise Invalid(f"{where}: the key '{key}' is missing.")
    return cls(**filled)


def write_value(value: Any) -> Any:
    """Give a frozen value as the table that `read_value` builds it from: words, numbers, lists and tables."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {f.metadata.get("key", f.name): write_value(getattr(value, f.name)) for f in fields}
    if isinstance(value, tuple):
        return [write_value(item) for item in value]
    if isinstance(value, StrEnum | date):
        return str(value)
    return "" if value is None else value


def _field_readers(cls: type) -> tuple[tuple[str, str, Any, bool], ...]:
    hints = get_type_hints(cls)
    return tuple(
        (f.name, f.metadata.get("key", f.name), hints[f.name], f.default is dataclasses.MISSING)
        for f in dataclasses.fields(cls)
    )


def _name_entry(raw: Mapping[str, object], where: str) -> str:
    # a file's own header names nothing; its entries do
    name = next((str(raw[key]) for key in NAMES if key in raw), "")
    return f"{where} '{name}'" if name and not where.endswith(f"'{name}'") else where


def _read(hint: Any, raw: object, where: str) -> object:
    origin = get_origin(hint)
    if origin in _GENERIC:
        return _GENERIC[origin](get_args(hint), raw, where)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return read_value(hint, raw, where)
    if issubclass(hint, StrEnum):
        return _read_word(hint, raw, where)
    if hint is date:
        return _read_date(raw, where)
    if hint is float and type(raw) is int:
        return float(raw)
    # bool is an int to Python, not to an author
    if type(raw) is not hint:
        raise Invalid(f"{where}: {_say_type(hint)} is expected, not {_say_type(type(raw))}.")
    return raw


def _say_type(cls: type) -> str:
    return _TYPES.get(cls, cls.__name__)


def _read_word(hint: type[StrEnum], raw: object, where: str) -> StrEnum:
    try:
        return hint(str(raw))
    except ValueError:
        raise Invalid(f"{where}: '{raw}' is not one of {', '.join(hint)}.") from None


def _read_date(raw: object, where: str) -> date:
    try:
        return date.fromisoformat(str(raw))
    except ValueError:
        raise Invalid(f"{where}: '{raw}' is not a date like 2026-11-22.") from None


def _read_tuple(args: tuple[Any, ...], raw: object, where: str) -> tuple[object, ...]:
    if not isinstance(raw, list):
        raise Invalid(f"{where}: a list is expected here.")
    return tuple(_read(args[0], item, f"{where} {n}") for n, item in enumerate(raw, start=1))


def _read_mapping(args: tuple[Any, ...], raw: object, where: str) -> Mapping[str, object]:
    if not isinstance(raw, dict):
        raise Invalid(f"{where}: a table is expected here.")
    return types.MappingProxyType({key: _read(args[1], value, f"{where}.{key}") for key, value in raw.items()})


def _read_optional(args: tuple[Any, ...], raw: object, where: str) -> object:
    return None if raw in ABSENT else _read(args[0], raw, where)


_GENERIC: dict[Any, Callable[[tuple[Any, ...], object, str], object]] = {
    tuple: _read_tuple,
    Mapping: _read_mapping,
    types.UnionType: _read_optional,
    Union: _read_optional,
}
