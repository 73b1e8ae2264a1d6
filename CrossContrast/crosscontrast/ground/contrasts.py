"""Which contrast an image has, as far as a name or a sentence says it. Nothing is guessed where it does not."""

import re

_MR = ("T1w", "T2w", "T2*w", "PDw", "FLAIR", "STIR", "heavily T2-weighted MRI", "MR angiography", "diffusion MRI", "MT")
#: Words by contrast, from the special to the general: what one took, the next do not see.
_WORDS = {
    "heavily T2-weighted MRI": r"heav(il)?y[ _-]?t2([ _-]?w(eighted)?)?|ciss|fiesta",
    "T2*w": r"t2[ _-]?(star|s|\*)[ _-]?w?|swi|medic",
    "MR angiography": r"mra|mr[ _-]angio\w*|tof",
    "FLAIR": r"flair",
    "STIR": r"stir",
    "diffusion MRI": r"dwi|dti|adc|diffusion",
    "MT": r"mt[ _-]?(on|off|s|r|w)?",
    "PDw": r"pd[ _-]?w?",
    "T1w": r"t1[ _-]?w?(eighted)?|mprage|bravo",
    "T2w": r"t2[ _-]?w?(eighted)?",
    "ultrasound": r"us|trus|ultrasound",
    "CT": r"ct|cbct",
    "PET": r"pet",
}
#: Names say T2 of these, too, because they are.
_ALSO_T2 = ("FLAIR", "STIR", "heavily T2-weighted MRI")


def contrasts_in(text: str) -> tuple[str, ...]:
    """Return the contrasts that a text speaks of, each once; those of MRI all where it says "any contrast"."""
    if re.search(r"\bany contrast\b", text, re.IGNORECASE):
        return _MR
    found = []
    for contrast, words in _WORDS.items():
        text, count = re.subn(rf"(?<![a-z0-9])({words})(?![a-z0-9*])", " ", text, flags=re.IGNORECASE)
        found += [contrast] if count else []
    return tuple(found)


def contrast_of(name: str) -> str:
    """Return the contrast that the name of an image says, such as ``"T2w"``; empty where it says none, or several."""
    found = list(contrasts_in(name))
    if "T2w" in found and any(special in found for special in _ALSO_T2):
        found.remove("T2w")
    return found[0] if len(found) == 1 else ""
