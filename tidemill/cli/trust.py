"""`tidemill trust`: the keys that the project's releases are signed with, and whether this machine takes them."""

from __future__ import annotations

from pathlib import Path

import click

from tidemill.cli.output import emit, facts, json_option, opened, project_option


@click.command()
@click.argument("fingerprint", required=False)
@project_option
@json_option
def trust(folder: Path, fingerprint: str | None, as_json: bool) -> None:
    """Show the fingerprint of the project's signing keys; with FINGERPRINT, take them for the project's own here.

    A folder that came from another machine serves nothing until this was said once. Compare with what the same command
    shows there: who can write the folder can also replace the keys in it.
    """
    from tidemill.release.signing.trust import is_trusted, offered
    from tidemill.release.signing.trust import trust as take

    with opened(folder) as project:
        if fingerprint is not None:
            take(project, fingerprint)
        found = {"project": project.id, "fingerprint": offered(project).fingerprint, "trusted": is_trusted(project)}

    def show() -> None:
        facts({**found, "trusted": "yes" if found["trusted"] else "no: if it is right, tidemill trust FINGERPRINT"})

    emit(found, as_json, show)
