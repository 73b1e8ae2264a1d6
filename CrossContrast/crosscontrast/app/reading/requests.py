"""What a page may ask for, checked before anything is done."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

#: The views of :mod:`crosscontrast.reading.scene.views`, named here because the server loads no MRML itself.
View = Literal["axial", "sagittal", "coronal"]
_Pixel = Annotated[float, Field(ge=-4000, le=4000)]
_Place = tuple[
    Annotated[float, Field(ge=-1e5, le=1e5)],
    Annotated[float, Field(ge=-1e5, le=1e5)],
    Annotated[float, Field(ge=-1e5, le=1e5)],
]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Begin(_Request):
    """Show the current reading in views of these sizes (width, height)."""

    do: Literal["begin"]
    sizes: dict[View, tuple[int, int]] = {}


class Resize(_Request):
    """Give views other sizes."""

    do: Literal["resize"]
    sizes: dict[View, tuple[int, int]]


class Scroll(_Request):
    """Scroll a view by slices."""

    do: Literal["scroll"]
    view: View
    steps: Annotated[int, Field(ge=-1000, le=1000)]


class SetWindow(_Request):
    """Change width and level of the window by these amounts."""

    do: Literal["window"]
    width: Annotated[float, Field(ge=-1e4, le=1e4)]
    level: Annotated[float, Field(ge=-1e4, le=1e4)]


class Zoom(_Request):
    """Enlarge a view, or all if they are linked."""

    do: Literal["zoom"]
    view: View
    factor: Annotated[float, Field(ge=0.1, le=10)]
    linked: bool = False


class Pan(_Request):
    """Move a view's picture by pixels."""

    do: Literal["pan"]
    view: View
    right: _Pixel
    down: _Pixel


class Jump(_Request):
    """Make the other views show the place under a pixel."""

    do: Literal["jump"]
    view: View
    x: _Pixel
    y: _Pixel


class Mark(_Request):
    """Say which place lies under a pixel, and draw it."""

    do: Literal["mark"]
    question: Annotated[str, Field(max_length=32)]
    view: View
    x: _Pixel
    y: _Pixel


class Unmark(_Request):
    """Forget the mark of a question."""

    do: Literal["unmark"]
    question: Annotated[str, Field(max_length=32)]


class Reset(_Request):
    """Show the whole image in its first window again."""

    do: Literal["reset"]


class Marks(_Request):
    """The marks of a page that was loaded anew."""

    do: Literal["marks"]
    places: Annotated[dict[str, _Place], Field(max_length=16)]


class AnswerRequest(_Request):
    """Lock the answers to a reading; they are checked against the questions later."""

    do: Literal["answer"]
    reading: Any
    values: Any
    nonce: Any


class Simple(_Request):
    """A sign of life, a break or its end."""

    do: Literal["alive", "pause", "resume"]


Seeing = Begin | Resize | Scroll | SetWindow | Zoom | Pan | Jump | Mark | Unmark | Reset | Marks
Request = Annotated[Seeing | AnswerRequest | Simple, Field(discriminator="do")]
_ADAPTER: TypeAdapter[Any] = TypeAdapter(Request)


def parse_request(text: str | bytes) -> Any:
    """Return the request that a page sent; raises ``pydantic.ValidationError`` for anything else."""
    return _ADAPTER.validate_json(text)
