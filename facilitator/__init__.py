"""Facilitator: plans support-group sessions, sends their reminders and keeps a headcount, never a register."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from flask import Flask

    from config import Config
    from facilitator.db import Database


def create_app(config: Config, database: Database | None = None, clock: Callable[[], datetime] | None = None) -> Flask:
    """Return the web application; see :func:`facilitator.app.build`."""
    # importing any module of the package runs this file, and the kernel must not bring the whole app with it
    from facilitator.app import build  # noqa: PLC0415

    return build(config, database, clock)
