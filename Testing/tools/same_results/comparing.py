"""Finds where two results differ: values exactly, one file after the other."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from same_results.normalising import Words
from same_results.reading import read


@dataclass(frozen=True)
class Difference:
    """A file that differs, and a sentence for every value that does."""

    file: str
    sentences: tuple[str, ...]

    @property
    def what(self) -> str:
        """The first difference and the number of further ones."""
        return self.sentences[0] + (f" (and {len(self.sentences) - 1} more)" if len(self.sentences) > 1 else "")


def compare_folders(old: Path, new: Path, old_words: Words, new_words: Words) -> tuple[int, list[Difference]]:
    """Return how many files were compared, and those that differ or are in one folder only."""
    names = [{words(path): path for path in _files(folder)} for folder, words in ((old, old_words), (new, new_words))]
    found = []
    for name in sorted({*names[0], *names[1]}):
        if name not in names[0] or name not in names[1]:
            found.append(Difference(name, ("only in " + ("old" if name in names[0] else "new"),)))
            continue
        paths = [folder / files[name] for folder, files in zip((old, new), names, strict=True)]
        sentences = compare_files(*paths, old_words, new_words)
        if sentences:
            found.append(Difference(name, sentences))
    return len({*names[0], *names[1]}), found


def _files(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]


def compare_files(old: Path, new: Path, old_words: Words, new_words: Words) -> tuple[str, ...]:
    """Return what differs, () for nothing. A file that cannot be read as what its name says is compared by bytes."""
    if old.read_bytes() == new.read_bytes():
        return ()
    try:
        contents = read(old, old_words), read(new, new_words)
    except Exception as error:  # any reader's: a broken file must not end the comparison
        return (f"the bytes differ, and the content cannot be read: {error!r}",)
    return tuple(differences(*contents))


def differences(old: Any, new: Any, where: str = "") -> Iterator[str]:
    """Yield a sentence for every value that differs."""
    place = where or "content"
    if type(old) is not type(new):
        yield f"{place}: {_short(old)} -> {_short(new)}"
    elif isinstance(old, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            inner = f"{where}.{key}" if where else str(key)
            if key not in old or key not in new:
                yield f"{inner}: only in {'old' if key in old else 'new'}"
            else:
                yield from differences(old[key], new[key], inner)
    elif isinstance(old, list | tuple):
        for number, (one, other) in enumerate(zip(old, new, strict=False)):
            yield from differences(one, other, f"{where}[{number}]")
        if len(old) != len(new):
            yield f"{place}: {len(old)} -> {len(new)} entries"
    elif isinstance(old, np.ndarray):
        yield from _arrays(old, new, place)
    elif old != new and not (isinstance(old, float) and math.isnan(old) and math.isnan(new)):
        yield f"{place}: {_short(old, new)} -> {_short(new, old)}"


def _arrays(old: np.ndarray, new: np.ndarray, place: str) -> Iterator[str]:
    if old.shape != new.shape or old.dtype != new.dtype:
        yield f"{place}: {old.dtype} {old.shape} -> {new.dtype} {new.shape}"
        return
    same = (old == new) | ((old != old) & (new != new)) if old.dtype.kind in "fc" else old == new
    if not np.all(same):
        at = tuple(int(index[0]) for index in np.nonzero(np.atleast_1d(~same)))
        values = [np.atleast_1d(array)[at] for array in (old, new)]
        text = f"{place}: {int(np.sum(~same))} of {old.size} values, first {list(at)}: {values[0]} -> {values[1]}"
        if old.dtype.kind in "fiu":
            text += f", largest difference {np.nanmax(np.abs(old.astype(float) - new.astype(float))):.3g}"
        yield text


def _short(value: Any, other: Any = None) -> str:
    """The value, or of a long text the part about where it begins to differ."""
    text, base = (entry if isinstance(entry, str) else repr(entry) for entry in (value, other))
    if len(text) <= 90:
        return repr(text) if isinstance(value, str) else text
    begin = next((k for k, pair in enumerate(zip(text, base, strict=False)) if pair[0] != pair[1]), 0)
    return repr(("…" if begin > 30 else "") + text[max(0, begin - 30) : begin + 60] + "…")
