"""The files of a project that its models are made by, beside tidemill.toml: to lay the project somewhere else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.config.foreign import module_file, onnx_of
from tidemill.engine.raised import STEPS
from tidemill.scope.steps import local_modules

if TYPE_CHECKING:
    from tidemill.scope.project import Project

LONGEST = 250
"""Characters of a word that may be a file's name; a longer one of a command is code."""


def files(project: Project) -> list[Path]:
    """Contracts, steps.py and the modules beside it; models' files, and the code of what is not built in."""
    own = [Path(dataset.contract) for dataset in project.datasets.values()]
    own += foreign_files(project)
    if (project.root / STEPS).is_file():
        own.append(Path(STEPS))
        for name in sorted(local_modules(project.root)):
            file = project.root / f"{name}.py"
            found = [file] if file.is_file() else sorted((project.root / name).rglob("*.py"))
            own += [path.relative_to(project.root) for path in found]
    return list(dict.fromkeys(own))


def foreign_files(project: Project) -> list[Path]:
    """What [model] learner, onnx and process, and features by a process, name in the project's folder."""
    named: list[str] = []
    for model in project.models.values():
        section, onnx = model.section, onnx_of(model.section)
        named += [module_file(section.learner)] if section.learner else []
        named += [onnx.file] if onnx else []
        features = (one for view in model.views.values() for one in view.features.values())
        for process in filter(None, (section.process, *(one.process for one in features))):
            named += [found for word in process.command for found in (word, f"{word.replace('.', '/')}.py")]
            named += [word.partition(".")[0] for word in process.command]
    here = [
        Path(name)
        for name in dict.fromkeys(named)
        if Path(name).parts and not name.startswith(("/", "~")) and ".." not in name and len(name) <= LONGEST
    ]
    packages = [path.relative_to(project.root) for one in here for path in sorted((project.root / one).rglob("*.py"))]
    return [*(one for one in here if (project.root / one).is_file()), *packages]
