"""What people call a column: the contract's businessName, or a description that is a name; a remark is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidemill.data.contract.meanings import meanings

CONTRACT = """\
apiVersion: v3.0.2
kind: DataContract
id: loans
version: 1.0.0
schema:
  - name: loans
    properties:
      - {{ name: income, logicalType: number, {} }}
"""


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("businessName: yearly income", {"income": "yearly income"}),
        ("description: Yearly income.", {"income": "Yearly income"}),
        ("businessName: income, description: What they earn in a year", {"income": "income"}),
        ("description: 'A guess: the value; mend it if it is another column.'", {}),
        (f"description: {'very ' * 20}long", {}),
        ("description: { purpose: none }", {}),
        ("required: true", {}),
    ],
)
def test_a_column_s_name(tmp_path: Path, said: str, found: dict[str, str]) -> None:
    path = tmp_path / "contract.yaml"
    path.write_text(CONTRACT.format(said))
    assert meanings(path) == found
