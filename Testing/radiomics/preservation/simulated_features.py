"""Feature tables in which it is known what each feature went through."""

import numpy as np

from crosscontrast.radiomics.extraction.table import FeatureRow, FeatureTable

#: What a simulated feature goes through on its way to the test image.
FATES = ("kept", "shifted", "scaled", "noised", "shuffled")


def simulated(subjects: int, per_fate: int, seed: int, sessions: int = 1) -> FeatureTable:
    """Return images of the roles ``real`` and ``fake`` with ``per_fate`` features of every fate.

    Kept ones have a true ICC of about 0.98, noised ones of 0.5; shifted ones lie two standard deviations higher and
    scaled ones are halved, both with a perfect rank correlation; shuffled ones come from another subject.
    """
    rng = np.random.default_rng(seed)
    n = subjects * sessions
    person = np.repeat(rng.standard_normal((subjects, per_fate * len(FATES))), sessions, axis=0)
    real = 10 + person + 0.1 * rng.standard_normal(person.shape)
    fake = real.copy()
    columns = {fate: slice(k * per_fate, (k + 1) * per_fate) for k, fate in enumerate(FATES)}
    fake[:, columns["kept"]] += 0.15 * rng.standard_normal((n, per_fate))
    fake[:, columns["shifted"]] += 2
    fake[:, columns["scaled"]] *= 0.5
    fake[:, columns["noised"]] += np.sqrt(2) * rng.standard_normal((n, per_fate))
    fake[:, columns["shuffled"]] = np.roll(fake[:, columns["shuffled"]], sessions, axis=0)
    names = [f"original_{fate}_f{k}" for fate in FATES for k in range(per_fate)]
    rows = [
        FeatureRow(f"s{k // sessions}", str(k % sessions), role, dict(zip(names, values[k].tolist(), strict=True)))
        for k in range(n)
        for role, values in (("real", real), ("fake", fake))
    ]
    return FeatureTable(tuple(rows))
