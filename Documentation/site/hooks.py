"""What the site needs beside its pages: pictures from ``Resources``, and links that leave the documentation.

Pages link to files as they lie in the repository, so that they can be read there too. MkDocs calls the functions by
name and with the names of their arguments.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
PICTURES = [ROOT / "Resources" / "CrossContrast.png", *sorted((ROOT / "Resources" / "Screenshots").glob("*.png"))]

#: Of docstrings, which name what they refer to as Sphinx does; and what Click 8.3 has where there is no default.
_ROLE = re.compile(r":(?:class|func|meth|mod):(?=<code>)")
_NO_DEFAULT = "<code>Sentinel.UNSET</code>"
_LINK = re.compile(r"\]\(((?:\.\./)+[^)#:\s]+)((?:#[^)]*)?)\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pictures."""
    for path in PICTURES:
        files.append(File.generated(config, f"pictures/{path.name}", abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, **_: object) -> str:
    """Point links to pictures into the site, and those to other files of the repository to where it is published."""
    folder = posixpath.dirname(page.file.src_uri)

    def rewritten(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join("Documentation", folder, found[1]))
        if target.startswith("Documentation/"):
            return found[0]
        if any(target.endswith(f"/{path.name}") for path in PICTURES):
            return f"]({posixpath.relpath(f'pictures/{posixpath.basename(target)}', folder or '.')})"
        kind = "tree" if (ROOT / target).is_dir() else "blob"
        return f"]({config.repo_url}/{kind}/main/{target}{found[2]})"

    return _LINK.sub(rewritten, markdown)


def on_page_content(html: str, **_: object) -> str:
    """Take out of generated references what is not for readers."""
    return _ROLE.sub("", html).replace(_NO_DEFAULT, "")
