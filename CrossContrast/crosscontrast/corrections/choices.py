"""What users choose from, named once for the work, its jobs and its commands."""

from typing import Literal, get_args

#: BIDS; the raw dataset of nnU-Net v2; a datastore of MONAI Label; the Decathlon's datalist; DICOM segmentations.
ExportFormat = Literal["bids", "nnunet", "monai-label", "decathlon", "dicom-seg"]
FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)

#: The model's doubt, the disagreement between contrasts of a visit, or the order of adding.
Order = Literal["uncertainty", "disagreement", "listed"]
ORDERS: tuple[Order, ...] = get_args(Order)
