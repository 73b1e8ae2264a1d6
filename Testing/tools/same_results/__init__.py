"""The parts of ``same_results.py``: the commands, their inputs, running them, and comparing what they leave behind."""
