"""Twenty public tables that packages ship, ten of them without a time: what `tidemill new --from` makes a model of, as they are.

``python -m tests.e2e.public_csvs`` tries those whose package is installed and prints a table: what became of each.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidemill.types import JsonObject


@dataclass(frozen=True)
class Public:
    """A table: the package, its file in it (of scikit-learn the loader, which writes the file's rows), and what to predict."""

    package: str
    file: str
    target: str
    timed: bool = False

    @property
    def name(self) -> str:
        return f"{self.package}-{Path(self.file).name.partition('.')[0]}"

    def there(self) -> bool:
        """Whether the package is installed."""
        return importlib.util.find_spec(self.package) is not None

    def laid(self, folder: Path) -> Path:
        """The file as the package has it; a loader's frame as pandas writes it."""
        target = folder / Path(self.file).name.removesuffix(".gz")
        if self.package == "sklearn":
            datasets: Any = importlib.import_module("sklearn.datasets")
            target = folder / f"{self.file}.csv"
            getattr(datasets, self.file)(as_frame=True).frame.to_csv(target, index=False)
            return target
        spec = importlib.util.find_spec(self.package)
        assert spec is not None and spec.submodule_search_locations
        data = (Path(spec.submodule_search_locations[0]) / self.file).read_bytes()
        target.write_bytes(gzip.decompress(data) if self.file.endswith(".gz") else data)
        return target


PUBLIC = (
    # without a time
    Public("sklearn", "load_breast_cancer", "target"),
    Public("sklearn", "load_diabetes", "target"),
    Public("palmerpenguins", "data/penguins.csv", "species"),
    Public("palmerpenguins", "data/penguins-raw.csv", "Sex"),
    Public("plotnine", "data/mpg.csv", "hwy"),
    Public("plotnine", "data/diamonds.csv", "price"),
    Public("plotly", "package_data/datasets/tips.csv.gz", "tip"),
    Public("plotly", "package_data/datasets/gapminder.csv.gz", "lifeExp"),
    Public("lifelines", "datasets/rossi.csv", "arrest"),
    Public("lifelines", "datasets/gbsg2.csv", "cens"),
    Public("statsmodels", "datasets/fair/fair.csv", "affairs"),
    # with a time
    Public("vega_datasets", "_data/seattle-weather.csv", "weather", timed=True),
    Public("vega_datasets", "_data/us-employment.csv", "construction", timed=True),
    Public("vega_datasets", "_data/sf-temps.csv", "temp", timed=True),
    Public("vega_datasets", "_data/stocks.csv", "price", timed=True),
    Public("plotnine", "data/economics.csv", "unemploy", timed=True),
    Public("plotnine", "data/meat.csv", "beef", timed=True),
    Public("plotnine", "data/pageviews.csv", "pageviews", timed=True),
    Public("plotly", "package_data/datasets/stocks.csv.gz", "GOOG", timed=True),
    Public("lifelines", "datasets/canadian_senators.csv", "observed", timed=True),
)


def tried(public: Public, folder: Path) -> JsonObject:
    """Two commands and no edit between them: what became of it. ``judged``: the gates gave their verdicts on a model."""
    said: JsonObject = {"name": public.name, "target": public.target}
    began = time.monotonic()
    new = _tidemill(folder, "new", "own", "--from", str(public.laid(folder)), "--target", public.target, "--json")
    if new.returncode:
        return {**said, "judged": False, "status": f"new: {new.stderr.strip()}"}
    said["chosen"] = json.loads(new.stdout)["said"]
    run = _tidemill(folder / "own", "run", "--json")
    told = json.loads(run.stdout) if run.stdout.startswith("{") else {}
    status = told.get("status", f"run: {run.stderr.strip().splitlines()[-1:]}")
    # every state of a release but those in which no gate has looked at it
    judged = status in ("champion", "canary", "held", "refused") and run.returncode in (0, 7)
    return {**said, "judged": judged, "status": status, "took": round(time.monotonic() - began, 1), "told": told}


def _tidemill(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "tidemill", *words]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


def main() -> None:
    found = []
    for public in PUBLIC:
        if not public.there():
            print(f"{public.name:<38} -  pip install {public.package.replace('_', '-')}")
            continue
        with tempfile.TemporaryDirectory() as folder:
            found.append(tried(public, Path(folder)))
            one = found[-1]
            print(
                f"{one['name']:<38} {'judged' if one['judged'] else 'NOT':<7} {one['status']}  {one.get('took', '')}",
                flush=True,
            )
            for sentence in one.get("chosen", ()):
                print(f"    {sentence}")
    print(f"{sum(one['judged'] for one in found)} of {len(found)} reach a judged model")


if __name__ == "__main__":
    main()
