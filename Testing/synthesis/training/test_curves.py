"""The curves that a panel shows while a training goes on."""

from crosscontrast.synthesis.training.curves import draw_curves, newest_picture, read_curves


def test_curves_are_losses_and_validation_but_not_waiting(tmp_path):
    rows = ["step,minutes,name,value", "1,0.1,l1,4.5", "1,0.1,waiting_s,0.2", "2,0.2,l1,3", "2,0.2,validation/mae,0.1"]
    (tmp_path / "log.csv").write_text("\n".join(rows) + "\n")
    assert read_curves(tmp_path) == {"l1": [(1, 4.5), (2, 3.0)], "validation/mae": [(2, 0.1)]}
    assert draw_curves(tmp_path, tmp_path / "curves.png") == 2
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_line_that_is_being_written_is_left_out(tmp_path):
    (tmp_path / "log.csv").write_text("step,minutes,name,value\n1,0.1,l1,4.5\n2,0.2")
    assert read_curves(tmp_path) == {"l1": [(1, 4.5)]}


def test_without_a_log_there_is_nothing_to_draw(tmp_path):
    assert draw_curves(tmp_path, tmp_path / "curves.png") == 0
    assert newest_picture(tmp_path) is None
