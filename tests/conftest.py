"""Fixtures that every test may use."""

from __future__ import annotations

from browser import browser

__all__ = ["browser"]
