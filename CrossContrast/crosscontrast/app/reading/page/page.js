// The reader's page. It knows a reading by its neutral name only; all texts are set as text, never as markup.
"use strict";

const byId = (id) => document.getElementById(id);
const views = new Map([...document.querySelectorAll(".view")].map((figure) => [figure.dataset.view, {
  figure, canvas: figure.querySelector("canvas"), caption: figure.querySelector("figcaption"), picture: null, marks: {},
}]));
let socket = null;
let state = null;
let values = {};
let current = 0;
let active = "axial";
let paused = false;
let marking = null;
let sending = null; // an answer that is not yet known to be saved; sent again after a lost connection
let busy = false; // one request about the views is under way; what comes meanwhile is gathered
let gathered = [];
let closedFor = null;
let retry = 500;

function send(message) {
  if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

function see(message) {
  const last = gathered[gathered.length - 1];
  if (last && last.do === message.do && last.view === message.view && message.do === "scroll") last.steps += message.steps;
  else if (last && last.do === "window" && message.do === "window") {
    last.width += message.width;
    last.level += message.level;
  } else if (last && last.do === "pan" && message.do === "pan" && last.view === message.view) {
    last.right += message.right;
    last.down += message.down;
  } else gathered.push(message);
  flush();
}

function flush() {
  if (busy || !gathered.length || paused || !state || state.phase !== "reading") return;
  busy = true;
  send(gathered.shift());
}

function sizes() {
  const found = {};
  for (const [name, view] of views) {
    const box = view.figure.getBoundingClientRect();
    found[name] = [Math.max(64, Math.round(box.width)), Math.max(64, Math.round(box.height))];
    view.canvas.width = found[name][0];
    view.canvas.height = found[name][1];
  }
  return found;
}

function connect() {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${location.pathname}/live`);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    retry = 500;
    busy = false;
    gathered = [];
    if (sending) send(sending);
    else send({ do: "begin", sizes: sizes() });
  };
  socket.onmessage = (event) => (typeof event.data === "string" ? take(JSON.parse(event.data)) : draw(event.data));
  socket.onclose = (event) => {
    if (closedFor) return;
    if (event.code === 4001) {
      closedFor = "This reading goes on in another window. Reload this page to go on here.";
      cover(closedFor, false);
      return;
    }
    cover("The connection is lost; trying again. Nothing that was saved is lost.", false);
    setTimeout(connect, retry);
    retry = Math.min(retry * 2, 8000);
  };
}

function take(message) {
  if (message.type === "state") begin(message);
  else if (message.type === "saved") sending = null;
  else if (message.type === "drawn") {
    for (const question of state.questions) {
      if (question.kind === "point") setValue(question, message.marks[question.id] || null);
    }
    busy = false;
    byId("views").dataset.drawn = String(Number(byId("views").dataset.drawn || 0) + 1);
    flush();
  } else if (message.type === "error") {
    busy = false;
    if (sending) {
      sending = null;
      byId("next").disabled = false;
    }
    byId("message").textContent = message.message;
    if (message.kind === "refused") send({ do: "begin", sizes: sizes() });
  }
}

function begin(message) {
  const same = state && state.reading === message.reading;
  state = message;
  byId("title").textContent = state.title;
  byId("instructions").textContent = state.instructions;
  if (state.phase !== "reading") {
    const text = state.phase === "finished"
      ? "Thank you. You have read everything."
      : `Session ${state.session - 1} is done. The next one begins on ${state.notBefore}.`;
    byId("progress").textContent = text;
    cover(text, false);
    return;
  }
  const kind = state.training ? " · training, not counted" : "";
  byId("progress").textContent =
    `${state.reader}: image ${state.done + 1} of ${state.total}, session ${state.session} of ${state.sessions}${kind}`;
  document.body.dataset.reading = state.reading;
  byId("message").textContent = "";
  if (same) {
    const places = {};
    for (const question of state.questions) {
      if (question.kind === "point" && values[question.id]) places[question.id] = values[question.id];
    }
    if (Object.keys(places).length) see({ do: "marks", places });
  } else {
    values = {};
    marking = null;
    buildQuestions();
    byId("instructions").hidden = state.done > 0;
  }
  paused = false;
  byId("cover").hidden = true;
  check();
}

function draw(buffer) {
  const length = new DataView(buffer).getUint32(0);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const view = views.get(header.view);
  const url = URL.createObjectURL(new Blob([new Uint8Array(buffer, 4 + length)], { type: "image/png" }));
  const picture = new Image();
  view.awaited = picture;
  picture.onload = () => {
    URL.revokeObjectURL(url);
    if (view.awaited !== picture) return;
    const context = view.canvas.getContext("2d");
    context.clearRect(0, 0, view.canvas.width, view.canvas.height);
    context.drawImage(picture, 0, 0, view.canvas.width, view.canvas.height);
    context.strokeStyle = "#ffd000";
    context.lineWidth = 1.5;
    for (const [x, y] of Object.values(header.marks)) {
      context.beginPath();
      context.arc(x, y, 7, 0, 2 * Math.PI);
      context.moveTo(x - 11, y);
      context.lineTo(x + 11, y);
      context.moveTo(x, y - 11);
      context.lineTo(x, y + 11);
      context.stroke();
    }
    context.font = "13px system-ui";
    context.fillStyle = "#9c9";
    const [left, right, top, bottom] = header.edges;
    const [width, height] = [view.canvas.width, view.canvas.height];
    context.fillText(left, 8, height / 2);
    context.fillText(right, width - 18, height / 2);
    context.fillText(top, width / 2 - 4, 18);
    context.fillText(bottom, width / 2 - 4, height - 8);
    view.caption.textContent = `${header.slice[0]} / ${header.slice[1]}`;
    view.figure.dataset.slice = header.slice[0];
    view.figure.dataset.marks = Object.keys(header.marks).length;
  };
  picture.src = url;
}

function cover(text, canResume) {
  byId("coverText").textContent = text;
  byId("resume").hidden = !canResume;
  byId("cover").hidden = false;
}

// Keys and mouse ------------------------------------------------------------------------------------------------------

document.addEventListener("keydown", (event) => {
  if (!state || state.phase !== "reading") return;
  const typing = event.target.matches("textarea, input[type=number]");
  if (event.key === "Enter" && (!event.target.matches("textarea") || event.ctrlKey)) {
    event.preventDefault();
    next();
    return;
  }
  if (event.key === "Escape") document.activeElement.blur();
  if (typing || event.ctrlKey || event.altKey || event.metaKey) return;
  const question = state.questions[current];
  const options = optionsOf(question);
  const letter = event.key.toLowerCase();
  if (paused && letter !== "p") return;
  if (/^[1-9]$/.test(event.key) && options && options[event.key - 1]) choose(current, options[event.key - 1][0]);
  else if (event.key === "ArrowDown") focusOn(current + 1);
  else if (event.key === "ArrowUp") focusOn(current - 1);
  else if (event.key === "PageDown") see({ do: "scroll", view: active, steps: -1 });
  else if (event.key === "PageUp") see({ do: "scroll", view: active, steps: 1 });
  else if (letter === "t" && question.kind === "text") byId(`question-${question.id}`).querySelector("textarea").focus();
  else if (letter === "p") pause();
  else if (letter === "r") see({ do: "reset" });
  else if (letter === "l") byId("linked").checked = !byId("linked").checked;
  else if (letter === "m") {
    const point = question.kind === "point" ? question : state.questions.find((q) => q.kind === "point");
    if (point) byId(`question-${point.id}`).querySelector("button").click();
  } else return;
  event.preventDefault();
});

for (const [name, view] of views) {
  const at = (event) => {
    const box = view.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  let from = null;
  view.canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    activate(name);
    if (event.ctrlKey) see({ do: "zoom", view: name, factor: event.deltaY < 0 ? 1.15 : 1 / 1.15, linked: byId("linked").checked });
    else see({ do: "scroll", view: name, steps: event.deltaY < 0 ? 1 : -1 });
  }, { passive: false });
  view.canvas.addEventListener("pointerdown", (event) => {
    activate(name);
    if (marking) {
      see({ do: "mark", question: marking, view: name, ...at(event) });
      for (const button of byId(`question-${marking}`).querySelectorAll("button")) button.classList.remove("chosen");
      marking = null;
      return;
    }
    from = at(event);
    view.canvas.setPointerCapture(event.pointerId);
  });
  view.canvas.addEventListener("pointermove", (event) => {
    if (!from) return;
    const to = at(event);
    if (event.shiftKey) see({ do: "pan", view: name, right: to.x - from.x, down: to.y - from.y });
    else see({ do: "window", width: 3 * (to.x - from.x), level: 3 * (to.y - from.y) });
    from = to;
  });
  view.canvas.addEventListener("pointerup", () => { from = null; });
  view.canvas.addEventListener("dblclick", (event) => {
    if (byId("linked").checked) see({ do: "jump", view: name, ...at(event) });
  });
  view.canvas.addEventListener("contextmenu", (event) => event.preventDefault());
}

function activate(name) {
  active = name;
  for (const [other, view] of views) view.figure.classList.toggle("active", other === name);
}

byId("next").onclick = next;
byId("pause").onclick = pause;
byId("resume").onclick = pause;
byId("reset").onclick = () => see({ do: "reset" });
byId("questions").onsubmit = (event) => event.preventDefault();
setInterval(() => { if (!paused && !document.hidden) send({ do: "alive" }); }, 10000);
let resizing = 0;
window.addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = setTimeout(() => see({ do: "resize", sizes: sizes() }), 200);
});
activate("axial");
connect();
