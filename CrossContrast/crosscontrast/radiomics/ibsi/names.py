"""What our features are called elsewhere: their code in the IBSI reference manual, and their name in PyRadiomics."""

from dataclasses import dataclass

#: Per family: PyRadiomics' class, and our name, IBSI's code and PyRadiomics' name (-: it has none) of each feature.
_TABLE = {
    "shape": (
        "shape",
        "volume RNU0 MeshVolume; vol_approx YEKZ VoxelVolume; area_mesh C0JK SurfaceArea; av 2PR5 SurfaceVolumeRatio; "
        "comp_1 SKGS -; comp_2 BQWJ -; sph_dispr KRCK -; sphericity QCFX Sphericity; asphericity 25C7 -; com KLMA -; "
        "diam L0JK Maximum3DDiameter; pca_maj_axis TDIC MajorAxisLength; pca_min_axis P9VJ MinorAxisLength; "
        "pca_least_axis 7J51 LeastAxisLength; pca_elongation Q3CK Elongation; pca_flatness N17B Flatness; "
        "vol_dens_aabb PBX1 -; area_dens_aabb R59B -; vol_dens_aee 6BDE -; area_dens_aee RDD2 -; "
        "vol_dens_conv_hull R3ER -; area_dens_conv_hull 7T7F -; integ_int 99N0 -; moran_i N365 -; geary_c NPT7 -",
    ),
    "local-intensity": ("-", "peak_loc VJGA -; peak_glob 0F91 -"),
    "statistics": (
        "firstorder",
        "mean Q4LE Mean; var ECT3 Variance; skew KE2A Skewness; kurt IPH6 Kurtosis; median Y12H Median; "
        "min 1GSF Minimum; p10 QG58 10Percentile; p90 8DWT 90Percentile; max 84IY Maximum; "
        "iqr SALO InterquartileRange; range 2OJQ Range; mad 4FUA MeanAbsoluteDeviation; "
        "rmad 1128 RobustMeanAbsoluteDeviation; medad N72L -; cov 7TET -; qcod 9S40 -; energy N8CA Energy; "
        "rms 5ZWQ RootMeanSquared",
    ),
    "intensity-histogram": (
        "firstorder",
        "mean X6K6 -; var CH89 -; skew 88K1 -; kurt C3I7 -; median WIFQ -; min 1PR8 -; p10 GPMT -; p90 OZ0C -; "
        "max 3NCY -; mode AMMC -; iqr WR0O -; range 5Z3W -; mad D2ZX -; rmad WRZB -; medad 4RNL -; cov CWYJ -; "
        "qcod SLWD -; entropy TLU2 Entropy; uniformity BJ5W Uniformity; max_grad 12CE -; max_grad_g 8E6O -; "
        "min_grad VQB3 -; min_grad_g RHQZ -",
    ),
    "intensity-volume-histogram": (
        "-",
        "v10 BC2M -; v90 BC2M -; i10 GBPN -; i90 GBPN -; diff_v10_v90 DDTU -; diff_i10_i90 CNV2 -; auc 9CMM -",
    ),
    "glcm": (
        "glcm",
        "joint_max GYBY MaximumProbability; joint_avg 60VM JointAverage; joint_var UR99 SumSquares; "
        "joint_entr TU9B JointEntropy; diff_avg TF7R DifferenceAverage; diff_var D3YU DifferenceVariance; "
        "diff_entr NTRS DifferenceEntropy; sum_avg ZGXS SumAverage; sum_var OEEB -; sum_entr P6QZ SumEntropy; "
        "energy 8ZQL JointEnergy; contrast ACUI Contrast; dissimilarity 8S9J -; inv_diff IB1Z Id; "
        "inv_diff_norm NDRX Idn; inv_diff_mom WF0Z Idm; inv_diff_mom_norm 1QCO Idmn; inv_var E8JP InverseVariance; "
        "corr NI2N Correlation; auto_corr QWB0 Autocorrelation; clust_tend DG8W ClusterTendency; "
        "clust_shade 7NFM ClusterShade; clust_prom AE86 ClusterProminence; info_corr1 R8DG Imc1; info_corr2 JN9H Imc2",
    ),
    "glrlm": (
        "glrlm",
        "sre 22OV ShortRunEmphasis; lre W4KF LongRunEmphasis; lgre V3SW LowGrayLevelRunEmphasis; "
        "hgre G3QZ HighGrayLevelRunEmphasis; srlge HTZT ShortRunLowGrayLevelEmphasis; "
        "srhge GD3A ShortRunHighGrayLevelEmphasis; lrlge IVPO LongRunLowGrayLevelEmphasis; "
        "lrhge 3KUM LongRunHighGrayLevelEmphasis; glnu R5YN GrayLevelNonUniformity; "
        "glnu_norm OVBL GrayLevelNonUniformityNormalized; rlnu W92Y RunLengthNonUniformity; "
        "rlnu_norm IC23 RunLengthNonUniformityNormalized; r_perc 9ZK5 RunPercentage; gl_var 8CE5 GrayLevelVariance; "
        "rl_var SXLW RunVariance; rl_entr HJ9O RunEntropy",
    ),
    "glszm": (
        "glszm",
        "sze 5QRC SmallAreaEmphasis; lze 48P8 LargeAreaEmphasis; lgze XMSY LowGrayLevelZoneEmphasis; "
        "hgze 5GN9 HighGrayLevelZoneEmphasis; szlge 5RAI SmallAreaLowGrayLevelEmphasis; "
        "szhge HW1V SmallAreaHighGrayLevelEmphasis; lzlge YH51 LargeAreaLowGrayLevelEmphasis; "
        "lzhge J17V LargeAreaHighGrayLevelEmphasis; glnu JNSA GrayLevelNonUniformity; "
        "glnu_norm Y1RO GrayLevelNonUniformityNormalized; zsnu 4JP3 SizeZoneNonUniformity; "
        "zsnu_norm VB3A SizeZoneNonUniformityNormalized; z_perc P30P ZonePercentage; gl_var BYLV GrayLevelVariance; "
        "zs_var 3NSA ZoneVariance; zs_entr GU8N ZoneEntropy",
    ),
    "gldzm": (
        "-",
        "sde 0GBI -; lde MB4I -; lgze S1RA -; hgze K26C -; sdlge RUVG -; sdhge DKNJ -; ldlge A7WM -; ldhge KLTH -; "
        "glnu VFT7 -; glnu_norm 7HP3 -; zdnu V294 -; zdnu_norm IATH -; z_perc VIWW -; gl_var QK93 -; zd_var 7WT1 -; "
        "zd_entr GBDU -",
    ),
    "ngtdm": (
        "ngtdm",
        "coarseness QCDE Coarseness; contrast 65HE Contrast; busyness NQ30 Busyness; complexity HDEZ Complexity; "
        "strength 1X9X Strength",
    ),
    "ngldm": (
        "gldm",
        "lde SODN SmallDependenceEmphasis; hde IMOQ LargeDependenceEmphasis; lgce TL9H LowGrayLevelEmphasis; "
        "hgce OAE7 HighGrayLevelEmphasis; ldlge EQ3F SmallDependenceLowGrayLevelEmphasis; "
        "ldhge JA6D SmallDependenceHighGrayLevelEmphasis; hdlge NBZI LargeDependenceLowGrayLevelEmphasis; "
        "hdhge 9QMG LargeDependenceHighGrayLevelEmphasis; glnu FP8K GrayLevelNonUniformity; glnu_norm 5SPA -; "
        "dcnu Z87G DependenceNonUniformity; dcnu_norm OKJI DependenceNonUniformityNormalized; dc_perc 6XV8 -; "
        "gl_var 1PFV GrayLevelVariance; dc_var DNX2 DependenceVariance; dc_entr FCBV DependenceEntropy; "
        "dc_energy CAS9 -",
    ),
}


@dataclass(frozen=True)
class OtherNames:
    """IBSI's code of a feature, and PyRadiomics' name without the image's (``None``: PyRadiomics does not have it)."""

    ibsi: str
    pyradiomics: str | None


def _read() -> dict[str, OtherNames]:
    found = {}
    for family, (their_class, lines) in _TABLE.items():
        for line in lines.split("; "):
            name, code, theirs = line.split()
            for how in ("-averaged", "-merged") if family in ("glcm", "glrlm") else ("",):
                # PyRadiomics averages over directions.
                known = theirs != "-" and how != "-merged"
                found[f"{family}{how}_{name}"] = OtherNames(code, f"{their_class}_{theirs}" if known else None)
    return found


#: By our name without the image's, ``<family>_<feature>``.
OTHER_NAMES = _read()
