"""The `tidemill` command: one table of verbs, each loaded when it is called, so that `--help` loads click and nothing else."""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from typing import Any

import click

from tidemill.errors import BadRequest, DiskFull, PipelineError, StepFailed, TidemillError, no_room
from tidemill.types import did_you_mean

COMMANDS: dict[str, tuple[str, str]] = {
    "new": ("tidemill.cli.new:new", "Make a project from a recipe, or from your own file."),
    "demo": ("tidemill.cli.demo:demo", "Two years of a real shop in a few minutes."),
    "run": ("tidemill.cli.run:run", "data → model → release, each finished step cached."),
    "up": ("tidemill.cli.up:up", "Serve predictions, the page, the API and the loop."),
    "status": ("tidemill.cli.status:status", "Is everything all right?"),
    "data": ("tidemill.cli.data:data", "ls · show · diff · check · quarantine · infer"),
    "runs": ("tidemill.cli.run:runs", "ls · show · why · resume · compare"),
    "why": ("tidemill.cli.run:why", "Why a step ran, or what it was reused from."),
    "models": ("tidemill.cli.models:models", "ls · show · card · bom · provenance · compare"),
    "compare": ("tidemill.cli.models:compare", "Two model versions side by side."),
    "verify": ("tidemill.cli.verify:verify", "MODEL · ls · show: built again from its record, and held against it."),
    "bisect": ("tidemill.cli.bisect:bisect", "--good · --bad · --alarm · ls · show: what made a version worse."),
    "recall": (
        "tidemill.cli.recall:recall",
        "DATASET file:… · column:… · apply · tell: what stands on it, which answers it changed, and without it.",
    ),
    "backtest": ("tidemill.cli.backtest:backtest", "MODEL · ls · show: what it would have been worth in its own past."),
    "audition": ("tidemill.cli.audition:audition", "MODEL · ls · show: the loop's year beside the present system's."),
    "approve": ("tidemill.cli.release:approve", "Say yes to a release that is held."),
    "reject": ("tidemill.cli.release:reject", "Say no to a release that is held."),
    "inbox": (
        "tidemill.cli.inbox:inbox",
        "show · take-back · key · --all · --since-last: what waits for you.",
    ),
    "comment": (
        "tidemill.cli.comment:comment",
        "Write to a run, version, release, decision or alarm; read what is written.",
    ),
    "release": ("tidemill.cli.release:release", "start · status · advance · halt · rollback"),
    "rollback": ("tidemill.cli.release:rollback", "Put the champion before this one back."),
    "experiment": (
        "tidemill.cli.experiment:experiment",
        "plan · start · ls · show · stop: an A/B, and what the loop is worth.",
    ),
    "predict": ("tidemill.cli.predict:predict", "Ask the running server."),
    "feedback": ("tidemill.cli.predict:feedback", "Tell the running server what really happened."),
    "items": ("tidemill.cli.items:items", "ls · show · set: names, prices, stock, and who said so."),
    "trace": ("tidemill.cli.trace:trace", "From a prediction back to its source rows."),
    "counterfactual": (
        "tidemill.cli.counterfactual:counterfactual",
        "What would have had to change for another answer.",
    ),
    "impact": ("tidemill.cli.trace:impact", "What a file, dataset, model or person touched."),
    "decisions": ("tidemill.cli.decisions:decisions", "ls · show · replay · score"),
    "alarms": ("tidemill.cli.decisions:alarms", "ls · close: what the monitors saw, and whether quality is affected."),
    "estimates": (
        "tidemill.cli.estimates:estimates",
        "How good answers will turn out, before their labels come; and the truth beside it.",
    ),
    "login": ("tidemill.cli.up:login", "A new one-use address for the page."),
    "people": (
        "tidemill.cli.people:people",
        "add · ls · show · roles · rename · disable · enable · password · log-out",
    ),
    "whoami": ("tidemill.cli.people:whoami", "Who you are to this project, and what you may do."),
    "token": ("tidemill.cli.token:token", "add · ls · revoke: what programs show to be let in."),
    "policy": ("tidemill.cli.policy:policy", "show · check · test: who may do what, and who is asked."),
    "trust": ("tidemill.cli.token:trust", "Whose signatures this machine takes for the project's."),
    "ledger": (
        "tidemill.cli.ledger:ledger",
        "show · verify · head · prove · export: who did what, hashed record by record.",
    ),
    "subject": (
        "tidemill.cli.subject:subject",
        "find · export · rectify · restrict · object · consent · contest · lift · limits: people's rights.",
    ),
    "audit": (
        "tidemill.cli.audit:audit",
        "QUESTION [MODEL | PREDICTION] · ls: an auditor's questions, answered from the records.",
    ),
    "docs": ("tidemill.cli.docs:docs", "ls · show: documents from the records, for an auditor."),
    "move": ("tidemill.cli.move:move", "The project's stores, from files to a team's and back."),
    "backup": (
        "tidemill.cli.backup:backup",
        "FOLDER · ls · check: the project kept elsewhere, encrypted and tried out.",
    ),
    "restore": ("tidemill.cli.backup:restore", "A backup brought back, without whoever was forgotten since."),
    "gc": ("tidemill.cli.status:gc", "Delete the artifacts that nothing needs any more."),
    "doctor": ("tidemill.cli.status:doctor", "Look for what could go wrong, and say how to mend it."),
}


class Verbs(click.Group):
    """A group whose commands are imported when used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(f"no command {args[0]!r}: {_meant(args[0])}", ctx)
        return super().resolve_command(ctx, args)


def _meant(word: str) -> str:
    """The command that was meant; a word that is some group's own is answered with that group."""
    groups = [name for name, (_, text) in COMMANDS.items() if word in text.partition(":")[0].split(" · ")]
    if not groups:
        return did_you_mean(word, COMMANDS)
    return f"did you mean {' or '.join(f'tidemill {name} {word}' for name in groups)}?"


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tidemill", message="tidemill %(version)s")
def cli() -> None:
    """The whole life of a machine-learning model in one closed loop.

    Exit codes: 0 done · 1 failed · 2 usage or configuration · 3 data · 4 store, or no such record · 5 a step failed · 6 model ·
    7 release · 8 server · 9 not all right (status, doctor).
    Every command takes --json, which holds for errors too (a problem on stderr); demo writes it to a file: --json FILE.
    """


def main(args: list[str] | None = None) -> Any:
    """Run the command line; errors go to stderr with the hint, never as a bare traceback: with ``--json`` as a problem."""
    as_json = "--json" in (sys.argv[1:] if args is None else args)
    try:
        found = cli.main(args=args, prog_name="tidemill", standalone_mode=False)
        if isinstance(found, int) and found:  # click gives the code of an Exit back instead of raising it
            sys.exit(found)
        return found
    except click.exceptions.Exit as exc:
        sys.exit(exc.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except click.ClickException as exc:
        if as_json:
            click.echo(json.dumps(_usage(exc), ensure_ascii=False), err=True)
        else:
            exc.show()
        sys.exit(exc.exit_code)
    except (Exception, KeyboardInterrupt) as exc:
        message, code = _ending(exc)
        if not message:
            raise
        if as_json:
            click.echo(json.dumps(_problem(exc, message), ensure_ascii=False), err=True)
        else:
            click.secho(message, err=True, fg="red" if sys.stderr.isatty() else None)
        sys.exit(code)


def _usage(exc: click.ClickException) -> dict[str, str | int]:
    """A command that was typed wrongly, as a problem."""
    context = getattr(exc, "ctx", None)
    hint = f"{context.command_path} --help" if context is not None else "tidemill --help"
    return {**BadRequest(exc.format_message(), hint=hint).problem(), "title": "usage", "code": "usage"}


def _problem(exc: BaseException, message: str) -> dict[str, str | int]:
    if isinstance(exc, TidemillError):
        return exc.problem()
    code = "stopped" if isinstance(exc, KeyboardInterrupt | click.exceptions.Abort) else TidemillError.code
    return {**TidemillError(message.removeprefix("tidemill: ")).problem(), "title": code, "code": code}


def _ending(exc: BaseException) -> tuple[str, int]:
    """What to say of an error that ends a command, and its exit code."""
    if isinstance(exc, KeyboardInterrupt | click.exceptions.Abort):
        return "\n".join(["stopped", *getattr(exc.__cause__, "__notes__", ())]), 130
    if isinstance(exc, TidemillError):
        _keep(exc)
        return f"tidemill: {exc}", exc.exit_code
    if os.environ.get("TIDEMILL_TRACEBACK"):
        return "", 1
    if no_room(exc):
        return f"tidemill: the disk is full: {exc} - free some room and run the same command again", DiskFull.exit_code
    if own := _own_fault(exc):
        return own, StepFailed.exit_code
    name = type(exc).__name__
    return f"tidemill: unexpected {name}: {exc} - this is a defect; TIDEMILL_TRACEBACK=1 shows where", 1


def _own_fault(exc: BaseException) -> str:
    """What to say of an exception out of the project's own steps.py, its traceback kept; nothing where it is ours."""
    from tidemill.engine.raised import blamed, keep, whole

    where = blamed(exc)
    if where is None:
        return ""
    message = exc.msg if isinstance(exc, SyntaxError) else exc
    kept = keep(whole(exc), where[0].parent)
    return f"tidemill: steps.py:{where[1]}: {type(exc).__name__}: {message} - mend it and run the same command again; all of it: {kept}"


def _keep(exc: TidemillError) -> None:
    """The traceback of what a project's own pipeline raised: the message has its last line only."""
    from tidemill.engine.raised import KEPT, blamed, keep, whole

    if KEPT in exc.hint:  # the engine has
        return
    cause = exc.__cause__
    where = blamed(cause) if isinstance(exc, PipelineError) and cause is not None else None
    if cause is not None and where is not None:
        exc.hint = f"{exc.hint}; the whole traceback is in {keep(whole(exc), where[0].parent)}"


if __name__ == "__main__":
    main()
