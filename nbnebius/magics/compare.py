"""``%compare`` and ``%%compare``: parse, ask all models at once, show the answers as they grow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.commands import COMPARE
from nbnebius.errors import NebiusError, Stopped
from nbnebius.events import Event, OfModel, Progress
from nbnebius.magics.calling import (
    caller,
    expand_text,
    namespace_of,
    private,
    read,
    say_kept,
    show_dry_run,
)
from nbnebius.magics.named import named_pictures, named_schema
from nbnebius.magics.screen import CellPainter, Screen, show_text
from nbnebius.rendering.answer import usd
from nbnebius.rendering.progress import progress_line
from nbnebius.rendering.side_by_side import SideBySide
from nbnebius.session import default_session
from nbnebius.session.attaching import with_files
from nbnebius.work.price import total

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbnebius.commands import CompareOptions
    from nbnebius.magics.magic import Notebook
    from nbnebius.results.comparison import Comparison
    from nbnebius.session import Prepared


class ComparisonScreen(Screen):
    """
    What a running comparison shows: the answers as they grow, or how many have ended.

    Parameters
    ----------
    notebook
        Where it is shown.
    models
        The models' ids.
    streams
        Show the answers' text as it grows; else only the line.
    quiet
        Show no line.
    """

    def __init__(
        self, notebook: Notebook, models: Sequence[str], *, streams: bool, quiet: bool
    ) -> None:
        super().__init__(notebook, f"{len(models)} models", streams=False, quiet=quiet)
        self._answers: SideBySide | None = None
        if streams and isinstance(self._painter, CellPainter):
            self._answers = SideBySide(self._painter, models)

    def see(self, event: Event) -> None:
        """Take in an event."""
        if isinstance(event, OfModel):
            if self._answers:
                self._answers.add(event)
            return
        if isinstance(event, Progress) and self._answers and not self._quiet:
            self._answers.status = progress_line(event, 0.0)
        super().see(event)

    def tick(self) -> None:
        """Repaint what is due."""
        if self._answers and self._answers.begun:
            self._waiting = False
            self._answers.tick()
            return
        super().tick()

    def finish_comparison(self, comparison: Comparison) -> None:
        """Show the whole answers in the place where they grew; in a terminal, as text."""
        self._waiting = False
        bundle = comparison.bundle(quiet=self._quiet)
        self._painter.show(bundle, comparison.metadata)


def run(notebook: Notebook, line: str, cell: str | None, local: Mapping[str, Any]) -> Any:
    """Run the magic; the frame comes back unless it went to a variable."""
    namespace = namespace_of(notebook, local)
    options, notes = read(COMPARE, line, cell, namespace)
    if options.help:
        show_text(notebook, COMPARE.help())
        return None
    expanded = expand_text(options, options.prompt, namespace, pictures=True)
    session = default_session()
    attached = session.attach(options.file)
    notes += [each.note for each in attached]
    prepared = session.prepare_compare(
        with_files(expanded.text, attached),
        options.models,
        system=options.system,
        images=[*named_pictures(options.images, namespace), *expanded.pictures] or None,
        schema=named_schema(options.schema, namespace),
        **options.parameters,
    )
    if options.dry_run:
        _show_dry_run(notebook, prepared)
        return None
    models = [str(one.body["model"]) for one in prepared]
    shows = options.out is None or options.show
    screen = ComparisonScreen(notebook, models, streams=shows, quiet=options.quiet)
    screen.notes += [*notes, *expanded.notes]
    try:
        with screen:
            comparison = session.run_compare(
                prepared,
                private=private(options),
                caller=caller(notebook, session, options, screen),
            )
    except Stopped as stopped:
        _finish(screen, stopped.job, options, shows=shows)
        _bind(notebook, options, stopped.frame)
        raise
    _finish(screen, comparison, options, shows=shows)
    if comparison.kept and not options.quiet:
        moments = [reply.kept_from for reply in comparison.kept if reply.kept_from]
        whole = len(moments) == len(models)
        say_kept(notebook, max(moments), "" if whole else f"{len(moments)} of {len(models)} ")
    screen.show_notes()
    try:
        frame = comparison.outcome()
    except NebiusError as error:
        _bind(notebook, options, error.frame)
        raise
    if options.out:
        notebook.bind(options.out, frame)
    return frame if options.show or not options.out else None


def _finish(
    screen: ComparisonScreen,
    comparison: Comparison,
    options: CompareOptions,
    *,
    shows: bool,
) -> None:
    """Show what came."""
    if shows:
        screen.finish_comparison(comparison)
    else:
        screen.finish_line(f"{options.out}: {comparison.footer}", comparison.metadata)
        # Nothing else shows who has no answer; what all of them fail with is raised.
        if not options.quiet and any(comparison.replies):
            screen.notes += [
                f"{entry.model}: {entry.reason}" for entry in comparison.entries if entry.error
            ]


def _bind(notebook: Notebook, options: CompareOptions, frame: Any) -> None:
    """Name what came before the error is raised: nothing that was paid for goes without a name."""
    notebook.bind(options.out or "_", frame)


def _show_dry_run(notebook: Notebook, prepared: Sequence[Prepared]) -> None:
    """Show the first request whole, and what each of them can cost."""
    show_dry_run(notebook, prepared[0])
    lines = [
        f"{one.body['model']}: at most {usd(one.bound)}"
        if one.bound is not None
        else f"{one.body['model']}: its highest price is unknown"
        for one in prepared
    ]
    bound = total(one.bound for one in prepared)
    if bound is not None:
        lines.append(f"in all: at most {usd(bound)}")
    show_text(notebook, "\n".join(lines))
