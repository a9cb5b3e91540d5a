"""What `oars` prints. Statements, errors and names come from outside: none may steer a terminal."""

import re
from collections.abc import Iterable
from typing import Any

import typer
from rich.console import Console
from rich.segment import Segment

STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but tab and newline, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # what turns the direction of writing
    "\ud800-\udfff]"  # half a character, which no terminal can show
)


BREAKS = re.compile("[\t-\r\x85\u2028\u2029]+")


def clean(text: str) -> str:
    """The text without what a terminal takes for a command, or for another order of letters."""
    return STEERING.sub("", text)


def on_one_line(value: Any) -> Any:
    """A text without line breaks, by which a name would make a line of its own; else the value."""
    return BREAKS.sub(" ", value) if isinstance(value, str) else value


def say(text: str, err: bool = False) -> None:
    """Print a line."""
    typer.echo(clean(text), err=err)


class Terminal(Console):
    """A console that prints its own styles, and of the texts no control character."""

    def render(self, *arguments: Any, **options: Any) -> Iterable[Segment]:
        """The segments of what is printed, cleaned."""
        for segment in super().render(*arguments, **options):
            yield segment if segment.control else segment._replace(text=clean(segment.text))
