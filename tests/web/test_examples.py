"""The examples in the page's own modules."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import noria.web

NAMES = ["noria.web", *(m.name for m in pkgutil.walk_packages(noria.web.__path__, "noria.web."))]


@pytest.mark.parametrize("name", NAMES)
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
