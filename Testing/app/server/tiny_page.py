"""An application without views: it keeps what is sent to it, and writes a file when it ends."""

from pathlib import Path

from crosscontrast.app.server.receive import add_download, add_upload


class TinyApplication:
    def __init__(self, server, plan):
        self.folder = plan.folder
        self.taken: list[Path] = []
        add_upload(server, plan.folder / "uploads", plan.limits, self.taken.extend)
        add_download(server, "/download", self.report)

    def report(self):
        path = self.folder / "report.txt"
        path.write_text("\n".join(p.name for p in self.taken))
        return path

    def close(self):
        (self.folder / "ended.txt").write_text("in good order")


def build(server, plan):
    return TinyApplication(server, plan)
