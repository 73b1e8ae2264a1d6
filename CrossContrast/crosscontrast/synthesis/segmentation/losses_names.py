"""The names of losses and weightings, for settings and commands that must not import PyTorch."""

from typing import Literal

LossName = Literal["ce", "dice"]
Weighting = Literal["none", "inverse", "median", "focal", "dtm", "dpt"]
