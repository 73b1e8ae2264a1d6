"""``python -m crosscontrast.cli``: the command where its script is not on the path, as inside Slicer."""

from crosscontrast.cli.main import main

if __name__ == "__main__":
    main(prog_name="crosscontrast")
