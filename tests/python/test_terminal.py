"""What comes from outside steers no terminal."""

from pathlib import Path

import pytest
from rich.text import Text

from oars.terminal import Terminal, clean
from oars_site import Site

STEERING = {
    "writes to the clipboard": "\x1b]52;c;cm0gLXJmIH4=\x07",
    "clears the screen": "\x1b[2J\x1b[H",
    "the same in one byte": "\x9b2J",
    "goes back and writes over": "wrong\rright",
    "rings": "\x07",
    "turns the order of letters": "\u202egpj.exe\u202c \u2066x\u2069",
    "deletes": "ab\x08\x7f",
}


@pytest.mark.parametrize("text", STEERING.values(), ids=STEERING)
def test_control_characters_are_left_out(text: str) -> None:
    shown = clean(f"a\tb\n{text}é漢")
    assert shown.startswith("a\tb\n")
    assert shown.endswith("é漢")
    assert all(letter in "\t\n" or letter.isprintable() for letter in shown)


@pytest.mark.parametrize("text", STEERING.values(), ids=STEERING)
def test_styles_of_the_console_stay(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    Terminal(force_terminal=True, width=80).print(Text(f"a{text}z", style="bold"))
    said = capsys.readouterr().out.rstrip("\n")
    assert said == f"\x1b[1ma{clean(text)}z\x1b[0m"


@pytest.mark.parametrize("text", STEERING.values(), ids=STEERING)
def test_error_steers_nothing(text: str, tmp_path: Path) -> None:
    site = Site(tmp_path)
    assert site.oars("init").code == 0
    run = site.oars("load", f"none{text}.ndjson")
    assert run.code == 1
    assert (
        run.err == f"Error: none{clean(text)}.ndjson cannot be read: No such file or directory.\n"
    )
