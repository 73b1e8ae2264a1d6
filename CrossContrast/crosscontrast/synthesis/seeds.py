"""Seeds that follow from what is drawn, so that nothing depends on what was drawn before."""

_MIXER = 1_000_003


def seed_of(*numbers: int) -> int:
    """Return one seed for several numbers, such that neighbours share nothing."""
    seed = 0
    for number in numbers:
        seed = (seed * _MIXER + number + 1) % (2**61 - 1)
    return seed
