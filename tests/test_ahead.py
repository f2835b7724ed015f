"""What is compiled ahead is what pytest takes, with its asserts looked into."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location

import pytest
from _pytest.assertion import rewrite

from tests.ahead import ahead


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "test_one.py"
    path.write_text("def test():\n    found = [1, 2]\n    assert found == [1, 3]\n")
    return path


def test_pytest_takes_it_and_compiles_nothing(written, pytestconfig, monkeypatch):
    assert ahead(written) and not ahead(written)

    def again(*given):
        raise RuntimeError("compiled again")

    monkeypatch.setattr(rewrite, "_rewrite_test", again)
    hook = pytestconfig.stash[rewrite.assertstate_key].hook
    spec = spec_from_file_location("test_one", written, loader=hook)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.raises(AssertionError, match="At index 1 diff"):
        module.test()
    written.write_text("changed = 1\n")
    with pytest.raises(RuntimeError):
        hook.exec_module(module)


def test_what_is_changed_is_compiled_and_what_is_no_python_is_left_to_pytest(written):
    ahead(written)
    written.write_text("changed = 1\n")
    assert ahead(written)
    written.write_text("def (:\n")
    assert not ahead(written)
