"""`python -m oars`."""

from oars.cli import main

main()
