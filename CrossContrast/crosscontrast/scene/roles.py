"""How nodes of the scene refer to each other. No package from pip is needed to ask."""

#: From a segmentation to the soft map that it was cut from.
SOFT_MAP_ROLE = "CrossContrast.SoftMap"
#: From a soft map under correction to the volume that keeps it as it was predicted.
PREDICTED_ROLE = "CrossContrast.Predicted"
#: From a corrected soft map to the label map that shows how it differs.
DIFFERENCE_ROLE = "CrossContrast.Difference"
