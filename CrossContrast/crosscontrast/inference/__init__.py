"""Running a network over an image of any grid and bringing the result back onto that grid."""

from crosscontrast.inference.maps import Maps
from crosscontrast.inference.predictor import Predictor, load_predictor, warm_predictor

__all__ = ["Maps", "Predictor", "load_predictor", "warm_predictor"]
