"""The comparison as a job."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from crosscontrast.errors import BadInputError
from crosscontrast.ground.consistency import Findings, incomplete, name_some
from crosscontrast.jobs.job import Job, JobResult
from crosscontrast.progress import Progress, part
from crosscontrast.radiomics.extraction.jobs import check_rows, cohort_rows, extract_rows
from crosscontrast.radiomics.extraction.read_table import names_images, read_features
from crosscontrast.radiomics.extraction.settings import ExtractionSettings
from crosscontrast.radiomics.extraction.table import FeatureTable, without_partner, write_features
from crosscontrast.radiomics.preservation.settings import PreservationSettings

if TYPE_CHECKING:
    from crosscontrast.radiomics.checklists import Answer
    from crosscontrast.radiomics.preservation.results import Comparison

#: Below this number of subjects the intervals are so wide that hardly anything can be shown.
_FEW = 20


class RoleCount(JobResult):
    """How many features of a role are preserved, of how many, by the rule and by rho alone.

    ``shape`` of those preserved by the rule are of shape: where images share their masks they are equal by themselves.
    """

    role: str
    subjects: int
    features: int
    preserved: int
    shape: int
    rho_only: int


class Compared(JobResult):
    """The files and the counts."""

    report: Path
    features_table: Path
    preservation_table: Path
    summary: Path
    rule: str
    roles: list[RoleCount]
    images: int
    reused: int
    failed: int


class ComparePreservation(Job):
    """Say which radiomic features of the role ``reference`` survive in the roles ``tests`` of a cohort.

    Features come from the images of ``cohort``, or from the table ``features`` (ours or another program's; PyRadiomics'
    own names images, and ``cohort`` then says whose they are). Who lacks an image of a role, and images that do not fit
    to the others, are refused before anything is computed unless ``force``, and then named. Writes
    ``features.tsv``, ``preservation.tsv``, ``checklists.tsv``, ``report.html`` and ``preservation.json`` into ``out``.
    """

    kind: ClassVar[str] = "radiomics.compare"

    reference: str
    tests: tuple[str, ...]
    out: Path
    cohort: Path | None = None
    features: Path | None = None
    force: bool = False
    extraction: ExtractionSettings = ExtractionSettings()
    settings: PreservationSettings = PreservationSettings()
    cache: Path | None = None
    workers: int = 1
    scheduler: str | None = None

    def run(self, progress: Progress) -> Compared:
        """Extract, compare and write."""
        from crosscontrast.ground.files import make_folder

        self._check()
        moved, reused = None, 0
        remarks: list[str] = []
        roles = (self.reference, *self.tests)
        if self.features:
            if self.cohort and not names_images(self.features):
                raise BadInputError("Give a cohort or a table of features, one of them: this table names subjects.")
            table = read_features(self.features, cohort_rows(self.cohort) if self.cohort else ())
            self._check_roles(table.roles)
            self._check_pairs(table)
            remarks = Findings(without_partner(table, roles)).settle(self.features, force=self.force)
            remarks += table.remarks(self.features)
            make_folder(self.out)
        else:
            assert self.cohort is not None
            rows = cohort_rows(self.cohort, roles)
            remarks = Findings(incomplete(rows, roles)).settle(self.cohort, force=self.force)
            to_check = (rows, self.extraction, self.cohort)
            remarks += check_rows(*to_check, force=self.force, progress=part(progress, 0, 0.1))
            make_folder(self.out)
            cache = self.cache or self.out / "cache"
            to_do = (self.extraction, cache, self.workers, self.scheduler)
            table, reused, said = extract_rows(rows, *to_do, part(progress, 0.1, 0.6))
            remarks += said
            moved = self._moved(cache, part(progress, 0.6, 0.8))
            self._check_pairs(table)
        comparison = self._compare(table, moved, remarks, part(progress, 0.8, 0.95))
        progress(0.95, 1, "writing the report")
        return self._write(comparison, reused)

    def _check(self) -> None:
        if self.cohort is None and self.features is None:
            raise BadInputError("Give a cohort or a table of features, one of them.")
        if not self.tests:
            raise BadInputError("There is no role to compare.")
        if self.reference in self.tests or len(set(self.tests)) < len(self.tests):
            raise BadInputError("The reference and the roles to compare must be different from each other.")
        if self.settings.perturbations and self.features:
            raise BadInputError("The ceiling needs the images: give a cohort instead of a table of features.")

    def _check_roles(self, known: Sequence[str]) -> None:
        absent = [role for role in (self.reference, *self.tests) if role not in known]
        if absent:
            raise BadInputError(f"{self.features} has no image of role {', '.join(absent)}, only {', '.join(known)}.")

    def _check_pairs(self, table: FeatureTable) -> None:
        """Raise :class:`BadInputError` where nothing can be compared at all."""
        there = {role: {row.visit for row in table.of_role(role)} for role in (self.reference, *self.tests)}
        table.require_features(self._source)
        if not any(there[self.reference] & there[role] for role in self.tests):
            raise BadInputError(
                f"{self._source}: no subject has features of role {self.reference!r} and of {' or '.join(self.tests)}."
            )

    @property
    def _source(self) -> Path:
        source = self.features or self.cohort
        assert source is not None
        return source

    def _moved(self, cache: Path, progress: Progress) -> FeatureTable | None:
        """Extract the reference images with moved contours, one role for each round."""
        from crosscontrast.radiomics.extraction.settings import Perturbation

        if not self.settings.perturbations:
            return None
        assert self.cohort is not None
        rows = cohort_rows(self.cohort, (self.reference,))
        found = []
        for number in range(self.settings.perturbations):
            moved = Perturbation(amplitude=self.settings.amplitude, seed=self.settings.seed + number)
            share = (number / self.settings.perturbations, (number + 1) / self.settings.perturbations)
            to_do = (self.extraction, cache, self.workers, self.scheduler, part(progress, *share), moved)
            table, _, _ = extract_rows(rows, *to_do)
            found += [replace(row, role=f"{self.reference} moved {number + 1}") for row in table.rows]
        return FeatureTable(tuple(found))

    def _compare(
        self, table: FeatureTable, moved: FeatureTable | None, remarks: list[str], progress: Progress
    ) -> "Comparison":
        from crosscontrast.radiomics.preservation.controls import ceiling, redundancy_clusters, shuffled_null
        from crosscontrast.radiomics.preservation.measure import judge, pair_up
        from crosscontrast.radiomics.preservation.results import Comparison

        clusters = redundancy_clusters(table, self.reference, self.settings.redundant)
        ceilings = ceiling(table, moved, self.reference) if moved else {}
        pairs, verdicts, nulls = [], [], {}
        for number, role in enumerate(self.tests):
            progress(number, len(self.tests), f"comparing {role}")
            pairs.append(pair_up(table, self.reference, role))
            verdicts += [
                v.model_copy(update={"cluster": clusters.get(v.feature), "ceiling_icc": ceilings.get(v.feature)})
                for v in judge(pairs[-1], self.settings)
            ]
            null = shuffled_null(pairs[-1], self.settings)
            if null:
                nulls[role] = null
            remarks += self._dropped(table, role)
            if len(pairs[-1].subjects) < _FEW:
                count = len(pairs[-1].subjects)
                remarks.append(f"{count} subject{'' if count == 1 else 's'} of role {role}: the intervals are wide.")
        roles = ", ".join((self.reference, *self.tests))
        lead = [f"{len(table.names)} features of the roles {roles} in {self._source.name}."]
        if not self.features:
            lead.append(f"Extraction: {self.extraction.backend}, {self.extraction.bins}.")
        answers = self._answers(len(table.names), len(set(clusters.values())), max(len(p.subjects) for p in pairs))
        return Comparison(self.reference, self.settings, table, pairs, verdicts, nulls, lead, remarks, answers)

    def _dropped(self, table: FeatureTable, role: str) -> list[str]:
        """Name whose images of a role, or whose reference images, do not count."""
        both = [{row.visit for row in table.of_role(name)} for name in (self.reference, role)]
        everybody = dict.fromkeys(row.visit for row in table.rows if row.role in (self.reference, role))
        lost = [" ".join(visit).strip() for visit in everybody if visit not in both[0] & both[1]]
        if not lost:
            return []
        return [
            f"{len(lost)} of {len(everybody)} do not count for role {role}, without features of it or of role "
            f"{self.reference}: {name_some(lost)}."
        ]

    def _answers(self, features: int, groups: int, subjects: int) -> "list[Answer]":
        from crosscontrast.radiomics.checklists import extraction_answers, preservation_answers
        from crosscontrast.radiomics.extraction.backend import backend_version

        answers = preservation_answers(self.settings.rule.text(), groups, subjects, self.settings.resamples)
        if self.features:
            return answers
        backend = backend_version(self.extraction.backend)
        moved = self.settings.perturbations
        return [*extraction_answers(self.extraction, backend, features, moved_contours=moved), *answers]

    def _write(self, comparison: "Comparison", reused: int) -> Compared:
        from crosscontrast.ground.case import write_results
        from crosscontrast.ground.provenance import FileRecord, Provenance
        from crosscontrast.radiomics.checklists import write_checklists
        from crosscontrast.radiomics.preservation.measure import count_preserved, count_shape
        from crosscontrast.radiomics.preservation.report import write_report
        from crosscontrast.radiomics.preservation.results import write_verdicts

        counts = []
        for pairs in comparison.pairs:
            verdicts = comparison.of_role(pairs.role)
            ours, rho_only = count_preserved(verdicts)
            counts.append(
                RoleCount(
                    role=pairs.role,
                    subjects=len(pairs.subjects),
                    features=len(verdicts),
                    preserved=ours,
                    shape=count_shape(verdicts),
                    rho_only=rho_only,
                )
            )
        rule = comparison.settings.rule.text()
        provenance = Provenance(
            job=self.kind,
            parameters=self.model_dump(mode="json", exclude={"out", "workers", "scheduler", "cache"}),
            inputs=[FileRecord.of(path) for path in (self.cohort, self.features) if path],
            measures={
                "rule": rule,
                "roles": [count.model_dump(exclude={"warnings"}) for count in counts],
                "chance": {role: null.model_dump() for role, null in comparison.nulls.items()},
            },
            warnings=comparison.remarks,
        )
        with write_results(self.out, "preservation.json", provenance) as results:
            write_features(comparison.table, results.place("features.tsv"))
            write_verdicts(comparison.verdicts, results.place("preservation.tsv"))
            write_report(comparison, results.place("report.html"))
            write_checklists(comparison.answers, results.place("checklists.tsv"))
        return Compared(
            report=self.out / "report.html",
            features_table=self.out / "features.tsv",
            preservation_table=self.out / "preservation.tsv",
            summary=self.out / "preservation.json",
            rule=rule,
            roles=counts,
            images=len(comparison.table.rows),
            reused=reused,
            failed=sum(not row.done for row in comparison.table.rows),
            warnings=comparison.remarks,
        )
