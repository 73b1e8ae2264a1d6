"""``python -m CrossContrastLib.cli``: the command where its script is not on the path, as inside Slicer."""

from CrossContrastLib.cli.main import main

if __name__ == "__main__":
    main(prog_name="crosscontrast")
