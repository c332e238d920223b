"""`python -m callwright.cli`: the same as the command `callwright`."""

from callwright.cli import main

main()
