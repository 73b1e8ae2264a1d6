"""What a prediction leaves: images by the names of the model's outputs, and what speaks for them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import SimpleITK as sitk


class Maps(dict[str, "sitk.Image"]):
    """The images of a model's outputs by name, and of what was searched for: its ``evidence`` and why it is none.

    ``evidence`` is from 0 to 1, or ``None`` where nothing was judged; ``doubt`` is empty where something was found.
    """

    evidence: float | None = None
    doubt: str = ""
