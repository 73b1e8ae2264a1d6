"""What every page has besides its widgets: dropping files anywhere on it, and keys."""

from collections.abc import Mapping
from typing import Any

from crosscontrast.app.server.receive import PATH

_SCRIPT = """
(() => {
  if (window.crossContrastPage) return;  // a page that is drawn anew, as for another layout, runs its scripts again
  window.crossContrastPage = true;
  const state = (values) => window.trame && Object.entries(values).forEach(([k, v]) => window.trame.state.set(k, v));
  async function filesOf(item, path = "") {
    if (item.isFile) {
      return new Promise((ok) => item.file((file) => ok([[path + file.name, file]]), () => ok([])));
    }
    const reader = item.createReader(), found = [];
    for (;;) {
      const some = await new Promise((ok) => reader.readEntries(ok, () => ok([])));
      if (!some.length) break;
      for (const inner of some) found.push(...await filesOf(inner, path + item.name + "/"));
    }
    return found;
  }
  function send(files) {
    if (!files.length) return;
    const form = new FormData();
    files.forEach(([name, file]) => form.append("file", file, name));
    const request = new XMLHttpRequest();
    const done = (error) => state({ upload_percent: -1, upload_error: error });
    request.upload.onprogress = (e) => state({ upload_percent: Math.round(100 * e.loaded / e.total) });
    request.onerror = () => done("The connection was lost while the file was sent.");
    request.onload = () => {
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { answer = { error: request.responseText }; }
      done(answer.error || answer.note || "");
    };
    state({ upload_percent: 0, upload_error: "" });
    request.open("POST", "PATH");
    request.send(form);
  }
  document.addEventListener("dragover", (e) => { e.preventDefault(); state({ dropping: true }); });
  document.addEventListener("dragleave", (e) => { if (!e.relatedTarget) state({ dropping: false }); });
  document.addEventListener("drop", async (e) => {
    e.preventDefault();
    state({ dropping: false });
    const entries = [...e.dataTransfer.items].map((i) => i.webkitGetAsEntry && i.webkitGetAsEntry()).filter(Boolean);
    const found = [];
    for (const entry of entries) found.push(...await filesOf(entry));
    send(found.length ? found : [...e.dataTransfer.files].map((f) => [f.name, f]));
  });
  document.addEventListener("change", (e) => {
    if (!e.target.matches || !e.target.matches("input.upload")) return;
    send([...e.target.files].map((f) => [f.webkitRelativePath || f.name, f]));
    e.target.value = "";
  });
  const keys = KEYS;
  document.addEventListener("keydown", (e) => {
    if (e.target.closest && e.target.closest("input, textarea, [contenteditable]")) return;
    const name = (e.ctrlKey || e.metaKey ? "Ctrl+" : "") + (e.key.length === 1 ? e.key.toUpperCase() : e.key);
    if (!(name in keys)) return;
    e.preventDefault();
    window.trame.trigger(keys[name]);
  });
})();
"""


def page_script(keys: Mapping[str, str]) -> str:
    """Return the script of the page; ``keys`` gives the trame trigger of each key, such as ``"B"`` or ``"Ctrl+Z"``.

    Files dropped anywhere, or chosen in an ``<input type="file" class="upload">``, are sent to the session. It keeps
    the state ``upload_percent`` (-1: nothing is under way), ``upload_error`` and ``dropping``.
    """
    import json

    return _SCRIPT.replace("PATH", PATH).replace("KEYS", json.dumps(dict(keys)))


def prepare_page_state(state: Any) -> None:
    """Set the state that the script keeps to its beginning."""
    state.update({"upload_percent": -1, "upload_error": "", "dropping": False})
