"use strict";
/* The panes: the rows of each list. A row is {key, version, object, draw}; `object` is what a search looks into. */

(() => {
  const { element, tag, quoted, link, plural, model, newestFirst, apiOf } = inspector;

  const GOOD = new Set(["completed"]);
  const BAD = new Set(["failed", "incomplete", "expired", "cancelled"]);

  function statusTag(status) {
    const number = Number(status);
    const kind = GOOD.has(status) || (number >= 200 && number < 300) ? "good" : BAD.has(status) || number >= 400 ? "bad" : "wait";
    return tag(status || "–", kind);
  }

  function clockTime(seconds) {
    return new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, 19);
  }

  function realTime(ms) {
    const date = new Date(ms);
    return `${date.toTimeString().slice(0, 8)}.${String(date.getMilliseconds()).padStart(3, "0")}`;
  }

  function row(pane, key, version, object, top, sub) {
    const draw = (current) => element("li", null, link([pane, key], [
      element("span", { class: "row-top" }, top), element("div", { class: "row-sub" }, sub)],
    { "aria-current": current ? "true" : null }));
    return { key: `${pane}/${key}`, id: String(key), version, object, draw };
  }

  function grow(text) {
    return element("span", { class: "grow" }, quoted(text));
  }

  function chatRows() {
    return newestFirst(model.chats).map((chat) => row("chats", chat.id, JSON.stringify([chat.title, chat.entries.length, chat.left_out]), chat,
      [grow(chat.title || "(nothing said yet)"), tag(chat.api === "responses" ? chat.kind : "thread", chat.api === "responses" ? "tool" : "")],
      [`${plural(chat.entries.length + chat.left_out, "entry").replace("entrys", "entries")} · `, element("span", { class: "mono" }, chat.id)]));
  }

  function runRows() {
    return newestFirst(model.turns).map((turn) => row("runs", turn.id, `${turn.changed}`, turn,
      [grow(turn.turn), statusTag(turn.held ? `held: ${turn.held}` : turn.status)],
      [quoted(turn.transcript?.question || "")," ", element("span", { class: "mono" }, turn.id)]));
  }

  function requestRows() {
    return newestFirst(model.requests).map((one) => row("requests", one.seq, `${one.changed}`, one,
      [statusTag(String(one.status)), grow(one.operation || `${one.method} ${one.path}`), one.repeats ? tag(`×${one.repeats + 1}`) : null, one.fault ? tag(one.fault, "wait") : null],
      [`${realTime(one.ms)} · ${one.took} ms`, one.text ? [" · ", quoted(one.text)] : one.object_id ? ` · ${one.object_id}` : ""]));
  }

  function problemRows() {
    const found = [
      ...model.problems.map((one, n) => [`problem-${n + 1}`, one, "bad"]),
      ...model.loose_ends.map((one, n) => [`loose-end-${n + 1}`, one, "wait"]),
      ...model.habits.map((one, n) => [`habit-${n + 1}`, one, ""])];
    return found.map(([key, one, kind]) => row("findings", key, JSON.stringify(one), one,
      [tag(one.kind, kind), grow(one.message)], [place(one)]));
  }

  function place(one) {
    return one.file ? `${one.file}${one.line ? `:${one.line}` : ""}` : "";
  }

  function scenarioRows() {
    return model.scenarios.map((one) => row("scenarios", one.name, JSON.stringify(one.turns.map((turn) => turn.played)), one,
      [grow(one.name), tag(plural(one.turns.length, "turn"))],
      [`${one.turns.filter((turn) => turn.played).length} of ${one.turns.length} played · `, quoted(one.file)]));
  }

  function controlRows() {
    const standing = model.holds.reduce((sum, hold) => sum + hold.runs.length, 0);
    return [
      row("controls", "clock", JSON.stringify(model.clock), model.clock || {}, [grow("Clock")], [model.clock ? `${clockTime(model.clock.now)} (${model.clock.name})` : ""]),
      row("controls", "holds", JSON.stringify(model.holds), model.holds, [grow("Holds"), standing ? tag(`${standing} waiting`, "wait") : null], [plural(model.holds.length, "hold")]),
      row("controls", "faults", JSON.stringify(model.faults), model.faults, [grow("Faults")], [`${plural(model.faults.length, "fault")} in force`]),
      ...(model.cost ? [row("controls", "cost", JSON.stringify(model.cost), model.cost, [grow("Cost")], [model.cost.total])] : []),
    ];
  }

  inspector.panes = [
    { name: "chats", title: "Chats", rows: chatRows, empty: "No thread, conversation or response is there yet." },
    { name: "runs", title: "Runs", rows: runRows, empty: "No turn has been played yet." },
    { name: "requests", title: "Requests", rows: requestRows, empty: "No request has come yet." },
    { name: "findings", title: "Findings", rows: problemRows, empty: "No problems, no loose ends." },
    { name: "scenarios", title: "Scenarios", rows: scenarioRows, empty: "No scenario is loaded: the assistant improvises." },
    { name: "controls", title: "Controls", rows: controlRows, empty: "" },
  ];
  Object.assign(inspector, { statusTag, clockTime, realTime, place, apiOf });
})();
