"""Imported once by the process that sessions are forked from, so that they start quickly and share this memory."""

import slicer  # noqa: F401
import trame.widgets.vuetify3  # noqa: F401
import trame_slicer.core
import trame_slicer.rca_view
import trame_slicer.segmentation  # noqa: F401
