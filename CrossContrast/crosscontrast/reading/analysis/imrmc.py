"""The file that iMRMC reads (U.S. Food and Drug Administration), for a second opinion on the areas.

A few lines of counts, ``BEGIN DATA:``, then ``reader,case,modality,score``. The reader ``-1`` is the truth: 1 for a
case with signal, else 0.
"""

import numpy as np

from crosscontrast.reading.analysis.accuracy import RocData


def imrmc_text(data: RocData, cases: tuple[str, ...]) -> str:
    """Return the text of the file for one question; missing ratings have no line."""
    names = cases if len(cases) == len(data.truth) else tuple(f"image{n + 1}" for n in range(len(data.truth)))
    lines = [
        f"Reader study, question {data.question}",
        f"NR: {len(data.readers)}",
        f"N0: {int((~data.truth).sum())}",
        f"N1: {int(data.truth.sum())}",
        f"NM: {len(data.arms)}",
        "",
        "BEGIN DATA:",
    ]
    lines += [f"-1,{name},truth,{int(positive)}" for name, positive in zip(names, data.truth, strict=True)]
    for arm, of_arm in zip(data.arms, data.scores, strict=True):
        for reader, scores in zip(data.readers, of_arm, strict=True):
            lines += [f"{reader},{n},{arm},{s:g}" for n, s in zip(names, scores, strict=True) if np.isfinite(s)]
    return "\n".join(lines) + "\n"
