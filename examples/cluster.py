"""Measure many segmentations on a Dask cluster, one job each; a case that fails stops no other.

python examples/cluster.py
python examples/cluster.py results/*_softseg.nii.gz --scheduler tcp://head-node:8786 --out areas

On the cluster: 'dask scheduler' on one node, 'dask worker tcp://head-node:8786' on the others, with the same packages
and files. Without --scheduler a cluster of two processes is started here.
"""

import argparse
from contextlib import nullcontext
from pathlib import Path

from dask.distributed import LocalCluster

import crosscontrast as cc
from phantoms import results_folder, write_cords


def main() -> None:
    """Send the jobs out, take the results in the order of the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("masks", nargs="*", type=Path)
    parser.add_argument("--scheduler", help="its address, tcp://host:8786")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    out = results_folder(given.out)

    masks = given.masks or sorted(write_cords(out / "phantoms", subjects=3).parent.glob("*_mask.nii.gz"))
    jobs = [cc.make_job("cord.csa", seg=mask.resolve(), out=out.resolve()) for mask in masks]
    local = (
        None
        if given.scheduler
        else LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs="ERROR")
    )
    with local or nullcontext():
        address = given.scheduler or local.scheduler_address
        for mask, outcome in zip(masks, cc.map_jobs(jobs, scheduler=address), strict=True):
            print(f"{mask.name}: {outcome.error or f'{outcome.result.mean_area_true} mm2, {outcome.result.table}'}")


if __name__ == "__main__":
    main()
