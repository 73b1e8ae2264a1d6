"""Disc points as people have them: tables, Slicer's markups, whatever wrote the byte order mark."""

import json

import pytest

from crosscontrast.cord.csa.disc_files import disc_number
from crosscontrast.cord.csa.levels import read_discs
from crosscontrast.errors import BadInputError

#: RAS, mm; in LPS the first two change their sign.
PLACES = {2: (1.5, -20.0, 60.0), 3: (2.0, -21.0, 45.5), 8: (-3.25, -19.0, -30.0)}
EXPECTED = {n: (-x, -y, z) for n, (x, y, z) in PLACES.items()}
TABLE = "disc\tx\ty\tz\n" + "".join(f"{n}\t{x}\t{y}\t{z}\n" for n, (x, y, z) in PLACES.items())


def markups(space, sign, labels):
    points = [
        {"label": label, "position": [sign * x, sign * y, z], "positionStatus": "defined"}
        for label, (x, y, z) in zip(labels, PLACES.values(), strict=True)
    ]
    points.append({"label": "9", "position": [0, 0, 0], "positionStatus": "undefined"})
    return json.dumps({"markups": [{"type": "Fiducial", "coordinateSystem": space, "controlPoints": points}]})


def fcsv(space, sign):
    lines = ["# Markups fiducial file version = 4.11", f"# CoordinateSystem = {space}"]
    lines.append("# columns = id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label,desc,associatedNodeID")
    lines += [f"1,{sign * x},{sign * y},{z},0,0,0,1,1,1,0,{n},," for n, (x, y, z) in PLACES.items()]
    return "\n".join(lines) + "\n"


def exported(letters, sign):
    rows = [f"{n},{sign * x},{sign * y},{z},1,1,1,0," for n, (x, y, z) in PLACES.items()]
    return "\n".join([f"label,{letters},defined,selected,visible,locked,description", *rows]) + "\n"


FILES = {
    "d.tsv": TABLE.encode(),
    "bom.tsv": b"\xef\xbb\xbf" + TABLE.replace("\n", "\r\n").encode(),
    "utf16.tsv": TABLE.encode("utf-16"),
    "d.csv": TABLE.replace("\t", ",").encode(),
    "semicolon.csv": b"\xef\xbb\xbf" + TABLE.replace("\t", ";").encode(),
    "ras.mrk.json": markups("RAS", 1, ("2", "C2/C3", "C7-T1")).encode(),
    "lps.mrk.json": b"\xef\xbb\xbf" + markups("LPS", -1, ("C1-2", "disc 3", "8")).encode(),
    "ras.fcsv": fcsv("RAS", 1).encode(),
    "zero.fcsv": fcsv("0", 1).encode(),
    "lps.fcsv": fcsv("LPS", -1).encode(),
    "ras.csv": exported("r,a,s", 1).encode(),
    "lps.csv": exported("l,p,s", -1).encode(),
}


@pytest.mark.parametrize("name", FILES)
def test_points_lie_where_the_file_says(tmp_path, name):
    (tmp_path / name).write_bytes(FILES[name])
    assert read_discs(tmp_path / name) == EXPECTED


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("d.mrk.json", markups("RAS", 1, ("F-1", "F-2", "F-3")), "point 'F-1', which names no disc"),
        ("d.mrk.json", markups("RAS", 1, ("2", "2", "3")), "names a disc twice"),
        ("d.mrk.json", markups("IJK", 1, ("1", "2", "3")), "is not a Slicer markups file"),
        ("d.mrk.json", "{}", "is not a Slicer markups file"),
        ("d.fcsv", "1,2,3\n", "is not a Slicer markups file"),
        ("d.tsv", TABLE.replace(".", ","), "is not a table with the columns"),
        ("d.csv", "a,b\n1,2\n", "is not a table with the columns"),
        ("d.tsv", TABLE.replace("60.0", "nan"), "not finite"),
        ("d.tsv", "disc\tx\ty\tz\n", "holds no disc points"),
    ],
)
def test_what_is_doubtful_is_refused_with_the_file_and_the_reason(tmp_path, name, content, reason):
    (tmp_path / name).write_text(content)
    with pytest.raises(BadInputError, match=rf"{name} .*{reason}"):
        read_discs(tmp_path / name)


@pytest.mark.parametrize(
    ("label", "number"),
    [
        ("3", 3), ("C2/C3", 3), ("c2-c3", 3), ("C2-3", 3), ("disc_C2_C3", 3), ("C7/T1", 8), ("T11-T12", 19),
        ("T12/L1", 20), ("L5/S1", 25), ("L5-S", 25), ("PMJ", 50), ("C1/C2", 2),
        ("F-1", None), ("C2/C4", None), ("C3/C2", None), ("C8/T1", None), ("C2", None), ("", None), ("C7/C8", None),
    ],
)  # fmt: skip
def test_a_label_is_scts_number_or_two_neighbouring_vertebrae(label, number):
    assert disc_number(label) == number
