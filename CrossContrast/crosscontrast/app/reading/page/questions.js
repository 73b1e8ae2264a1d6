// The questions beside the views: built from what the server sends, answered by mouse or keyboard.
"use strict";

function optionsOf(question) {
  if (question.kind === "yes-no") return [["yes", "yes"], ["no", "no"]];
  if (question.kind === "turing") return [["real", "acquired (real)"], ["synthetic", "made (synthetic)"]];
  if (question.kind === "choice") return question.options.map((option) => [option, option]);
  if (question.kind !== "likert") return null;
  const points = Array.from({ length: question.points }, (_, index) => index + 1);
  const all = question.labels.length === question.points;
  return points.map((point) => {
    const end = point === 1 ? 0 : point === question.points ? 1 : -1;
    const label = all ? question.labels[point - 1] : end >= 0 ? question.labels[end] : "";
    return [point, label ? `${point} ${label}` : String(point)];
  });
}

function element(name, properties = {}, children = []) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function buildQuestions() {
  const form = byId("questions");
  form.replaceChildren(...state.questions.map((question, index) => {
    const box = element("fieldset", { id: `question-${question.id}`, onclick: () => focusOn(index) });
    box.append(element("legend", { textContent: question.text + (question.required ? "" : " (optional)") }));
    box.append(control(question, index));
    return box;
  }));
  focusOn(0);
}

function control(question, index) {
  const options = optionsOf(question);
  if (options) {
    const buttons = options.map(([value, label], place) => {
      const prefix = question.kind === "likert" ? "" : `${place + 1} `;
      const button = element("button", { type: "button", textContent: prefix + label });
      button.dataset.value = value;
      button.onclick = () => choose(index, value);
      return button;
    });
    return element("div", { className: "options" }, buttons);
  }
  if (question.kind === "text") {
    const area = element("textarea", { rows: 2, maxLength: 2000 });
    area.oninput = () => setValue(question, area.value || null);
    return area;
  }
  if (question.kind === "confidence") {
    const range = element("input", { type: "range", min: 0, max: 100, step: 1, value: 50 });
    const told = element("output", { textContent: "–" });
    range.oninput = () => {
      told.textContent = range.value;
      setValue(question, Number(range.value));
    };
    range.onclick = range.oninput;
    return element("div", { className: "range" }, [range, told]);
  }
  if (question.kind === "number") {
    const box = element("input", { type: "number", min: question.minimum, max: question.maximum, step: "any" });
    box.placeholder = question.unit;
    box.oninput = () => setValue(question, box.value === "" ? null : Number(box.value));
    return box;
  }
  const mark = element("button", { type: "button", textContent: "Mark (M), then click" });
  const clear = element("button", { type: "button", textContent: "Remove" });
  mark.onclick = () => { marking = question.id; mark.classList.add("chosen"); };
  clear.onclick = () => see({ do: "unmark", question: question.id });
  return element("div", { className: "options" }, [mark, clear]);
}

function setValue(question, value) {
  values[question.id] = value;
  const box = byId(`question-${question.id}`);
  if (optionsOf(question)) {
    for (const button of box.querySelectorAll("button")) {
      button.classList.toggle("chosen", String(value) === button.dataset.value);
    }
  }
  if (question.kind === "point") box.dataset.place = value ? value.join(" ") : "";
  check();
}

function choose(index, value) {
  setValue(state.questions[index], value);
  focusOn(Math.min(index + 1, state.questions.length - 1));
}

function focusOn(index) {
  current = Math.max(0, Math.min(index, state.questions.length - 1));
  const boxes = [...byId("questions").children];
  boxes.forEach((box, place) => box.classList.toggle("current", place === current));
  const kind = state.questions[current].kind;
  const input = boxes[current].querySelector("textarea, input");
  if (input && input !== document.activeElement && kind !== "text") input.focus({ preventScroll: true });
  else if (!input && document.activeElement !== document.body) document.activeElement.blur();
  boxes[current].scrollIntoView({ block: "nearest" });
}

function missing() {
  return state.questions.find((q) => q.required && (values[q.id] === undefined || values[q.id] === null));
}

function check() {
  byId("next").disabled = Boolean(sending || !state || state.phase !== "reading" || missing());
}

function next() {
  if (sending || paused || !state || state.phase !== "reading") return;
  const open = missing();
  if (open) {
    byId("message").textContent = "This question needs an answer.";
    focusOn(state.questions.indexOf(open));
    return;
  }
  const nonce = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  gathered = [];
  sending = { do: "answer", reading: state.reading, values, nonce };
  check();
  send(sending);
}

function pause() {
  if (!state || state.phase !== "reading") return;
  paused = !paused;
  send({ do: paused ? "pause" : "resume" });
  if (paused) cover("Pause. The time does not count.", true);
  else byId("cover").hidden = true;
  flush();
}
