"""Fixtures that every test may use."""

from __future__ import annotations

from browser import browser
from hypothesis import settings

__all__ = ["browser"]

# A busy machine is slow, not wrong.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
