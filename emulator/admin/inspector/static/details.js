"use strict";
/* The details: one function a pane, from the id of a row to an element. */

(() => {
  const { element, tag, quoted, block, table, link, plural, model, turnOf, apiOf, counterpart, statusTag, clockTime, realTime, place } = inspector;

  const title = (text, ...meta) => [element("h2", null, quoted(text)), element("p", { class: "meta" }, meta)];
  const section = (text, ...children) => [element("h3", null, text), ...children];
  const json = (value, label) => block(typeof value === "string" ? value : JSON.stringify(value, null, 2), label);
  const cells = (...values) => values.map((value) => element("td", null, value));

  /* ---- Chats ---- */

  function chat(id) {
    const one = model.chats.get(id);
    if (!one) return null;
    const metadata = Object.keys(one.metadata || {}).length ? section("Metadata", json(one.metadata, "Metadata")) : [];
    return [
      ...title(one.title || one.id, tag(one.kind), " ", element("span", { class: "mono" }, one.id)),
      one.left_out ? element("p", { class: "note" }, `${plural(one.left_out, "older entry").replace("entrys", "entries")} left out`) : null,
      element("ol", { class: "chat", "aria-label": "Messages" }, one.entries.map(entry)), ...metadata];
  }

  const ENTRIES = {
    message: (one) => [one.parts.map(part), one.status && one.status !== "completed" ? statusTag(one.status) : null],
    call: (one) => [tag(one.name, "tool"), block(pretty(one.arguments), `Arguments of ${one.name}`), one.output === null
      ? tag("waits for its output", "wait") : [element("span", { class: "who" }, "output"), block(pretty(one.output), `Output of ${one.name}`)]],
    code: (one) => [tag("code interpreter", "tool"), block(one.input, "Code"), one.logs.map((log) => block(log, "Logs")), one.images.map(image)],
    search: (one) => [tag("file search", "tool"), " ", quoted(one.queries.join(" · ")), one.results.length
      ? element("ul", null, one.results.map((found) => element("li", null, quoted(found.filename || ""), ` ${found.score ?? ""} `, element("span", { class: "note text" }, found.text || ""))))
      : element("p", { class: "note" }, "no results shown")],
    reasoning: (one) => [tag("reasoning"), element("div", { class: "text note" }, one.text || "(no summary)")],
  };

  function entry(one) {
    const who = one.type === "message" ? one.role : "";
    return element("li", { class: `entry ${one.type === "message" ? one.role === "user" ? "user" : "" : "tool"}` },
      element("span", { class: "who" }, who, who && one.run_id ? " · " : "", one.run_id ? link(["runs", one.run_id], one.run_id, { class: "mono" }) : ""),
      ENTRIES[one.type](one));
  }

  function part(one) {
    if (one.type === "image") return image(one.source);
    if (one.type === "file") return element("p", null, tag("file"), " ", quoted(one.filename || one.file_id || ""));
    if (one.type === "refusal") return element("div", { class: "text refusal" }, one.text);
    const cites = one.citations.map((cited) => tag(`${cited.marker} ${cited.filename || cited.file_id || ""}`.trim(), "tool"));
    return [element("div", { class: "text" }, one.text), cites.length ? element("div", { class: "cites", "aria-label": "Citations", role: "group" }, cites) : null];
  }

  function image(source) {
    const file = model.files.get(source);
    const shown = file?.image || (/^data:image\/(png|jpeg|gif|webp);base64,/.test(source) ? source : null);
    const name = file ? file.filename : source.startsWith("data:") ? "image" : source;
    return shown ? element("img", { src: shown, alt: name }) : element("p", null, tag("image"), " ", quoted(name), file ? ` ${plural(file.bytes, "byte")}` : "");
  }

  function pretty(text) {
    try {
      return JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      return text;
    }
  }

  /* ---- Runs ---- */

  function run(id) {
    const turn = id === "latest" ? [...model.turns.values()].pop() : turnOf(id);
    if (!turn) return null;
    const other = counterpart(turn);
    const miss = model.nearMisses.get(turn.id);
    return [
      ...title(turn.turn, statusTag(turn.status), " ", apiOf(turn), " · ", element("span", { class: "mono" }, turn.responses.join(", ") || turn.id), " · ", link(["chats", turn.thread_id], turn.thread_id, { class: "mono" }), turn.file ? ` · ${place(turn)}` : ""),
      turn.transcript ? element("p", { class: "text" }, turn.transcript.question) : null,
      inspector.online ? element("div", { class: "actions" },
        turn.held ? element("button", { type: "button", onclick: () => inspector.release(turn.held) }, `Release ${turn.held}`) : null,
        element("button", { type: "button", id: "as-scenario", onclick: () => inspector.showScenario(turn) }, "Show as a scenario")) : null,
      element("div", { id: "as-scenario-text" }),
      miss ? section("Near misses", nearMisses(miss)) : [],
      section("Timeline", timeline(turn)),
      other ? section("On both APIs", bothApis(turn, other)) : [],
      section("Requests", element("ul", null, requestsOf(turn).map((one) => element("li", null,
        statusTag(String(one.status)), " ", link(["requests", one.seq], one.operation || one.path), ` ${realTime(one.ms)}`, one.repeats ? ` ×${one.repeats + 1}` : ""))))];
  }

  function requestsOf(turn) {
    const ids = new Set([turn.id, ...turn.responses]);
    return [...model.requests.values()].filter((one) => ids.has(one.run_id));
  }

  /* Events in a row of the same step are one bar. The axis counts events; time between bars is folded. */
  function timeline(turn) {
    const spans = [];
    let place_ = 0;
    for (const moment of turn.timeline) {
      const last = spans[spans.length - 1];
      const key = `${moment.line}|${moment.text}`;
      if (last && last.key === key) last.moments.push(moment);
      else spans.push({ key, first: place_, moments: [moment] });
      place_ += 1;
    }
    const start = turn.timeline.length ? turn.timeline[0].time : 0;
    let before = start;
    return element("div", { class: "timeline", role: "list", "aria-label": "Timeline" }, spans.map((span, n) => {
      const at = span.moments[0].time;
      const gap = at - before > 1 && n ? element("div", { class: "fold", role: "listitem" }, `${at - before} s later`) : null;
      before = span.moments[span.moments.length - 1].time;
      return [gap, bar(span, n, turn, start, place_)];
    }));
  }

  function bar(span, n, turn, start, total) {
    const [first] = span.moments;
    const last = span.moments[span.moments.length - 1];
    const step = turn.steps.find((one) => one.line !== null && one.line === first.line);
    const words = first.text || step?.text || span.moments.map((one) => one.event.split(".").pop()).filter((one, at, all) => one !== all[at - 1]).join(" → ");
    const drawn = element("details", { class: `bar ${first.text || step ? step?.kind || "say" : "status"}`, "data-key": n },
      element("summary", null, step && first.text ? tag(step.kind) : null, " ", quoted(words)),
      table(["+s", "event", "object", "real time"], span.moments.map((one) => element("tr", null, cells(`+${one.time - start}`, one.event + (one.count > 1 ? ` ×${one.count}` : ""), element("span", { class: "mono" }, one.object_id || ""), realTime(one.ms))))),
      first.line ? element("p", { class: "note" }, `${turn.file || ""}:${first.line}`) : null);
    drawn.style.marginLeft = `${(60 * span.first) / Math.max(total, 1)}%`;
    const label = last.time > first.time ? `+${first.time - start}–${last.time - start} s` : `+${first.time - start} s`;
    return element("div", { class: "span", role: "listitem" }, element("span", { class: "at" }, label), element("div", { class: "track" }, drawn));
  }

  const COMPARED = ["question", "texts", "refusal", "calls", "files", "citations", "searched", "ended"];

  function bothApis(turn, other) {
    const [left, right] = apiOf(turn) === "assistants" ? [turn, other] : [other, turn];
    if (!left.transcript || !right.transcript) return element("p", { class: "note" }, "The transcript is no longer kept.");
    const rows = COMPARED.filter((key) => filled(left.transcript[key]) || filled(right.transcript[key])).map((key) => {
      const [one, two] = [left, right].map((each) => JSON.stringify(each.transcript[key], null, 1));
      return element("tr", { class: one === two ? null : "differs" }, element("th", { scope: "row" }, key), cells(shown(left.transcript[key]), shown(right.transcript[key]), one === two ? "same" : "differs"));
    });
    return table(["", `Assistants: ${left.id}`, `Responses: ${right.id}`, "Verdict"], rows);
  }

  const filled = (value) => value !== null && value !== undefined && value.length !== 0;
  const shown = (value) => element("span", { class: "text" }, typeof value === "string" ? value : Array.isArray(value) && value.every((one) => typeof one === "string") ? value.join("\n") : JSON.stringify(value, null, 1) ?? "");

  function nearMisses(miss) {
    const names = [...new Set(miss.turns.flatMap((turn) => turn.conditions.map((one) => one.condition)))];
    const cell = (turn, name) => {
      const one = turn.conditions.find((each) => each.condition === name);
      if (!one) return element("td", { class: "note" }, "–");
      return one.fits ? element("td", { class: "fits" }, "fits") : element("td", { class: "misses" }, "expected ", quoted(one.expected), ", got ", quoted(one.got || ""));
    };
    return table(["Turn", ...names, "First that failed"], miss.turns.map((turn) => element("tr", null,
      element("th", { scope: "row" }, quoted(turn.turn), element("div", { class: "note" }, place(turn))), names.map((name) => cell(turn, name)), element("td", null, quoted(turn.reason)))));
  }

  /* ---- Requests ---- */

  function request(seq) {
    const one = model.requests.get(Number(seq));
    if (!one) return null;
    const body = element("div", { id: "request-body" }, element("p", { class: "note" }, "Loading …"));
    inspector.requestDetail(one).then((full) => body.replaceChildren(...requestBody(full).flat(9).filter(Boolean)), (error) => body.replaceChildren(String(error.message || error)));
    return [
      ...title(`${one.method} ${one.path}`, statusTag(String(one.status)), ` ${one.operation || "no operation of the API"} · ${realTime(one.ms)} · ${one.took} ms · ${plural(one.size, "byte")}`),
      one.repeats ? element("p", { class: "note" }, `${plural(one.repeats, "more request")} like it changed nothing.`) : null,
      one.fault ? element("p", null, "Fault: ", tag(one.fault, "wait")) : null,
      one.run_id ? element("p", null, "Run: ", link(["runs", one.run_id], one.run_id, { class: "mono" }), one.turn ? [", turn ", quoted(one.turn)] : "") : null,
      one.thread_id ? element("p", null, "Chat: ", link(["chats", one.thread_id], one.thread_id, { class: "mono" })) : null,
      body];
  }

  function requestBody(full) {
    const query = Object.entries(full.query || {});
    return [
      element("div", { class: "actions" }, element("button", { type: "button", onclick: (event) => inspector.copy(curl(full), event.target) }, "Copy as curl")),
      query.length ? section("Query", table(["Parameter", "Value"], query.map(([name, value]) => element("tr", null, cells(name, quoted(String(value))))))) : [],
      full.json !== null ? section("Request body", json(full.json, "Request body")) : [],
      section("Response", full.answer === null ? element("p", { class: "note" }, "no body") : isStream(full.answer) ? events(full.answer) : json(full.answer, "Response body")),
      section("Request headers", table(["Header", "Value"], Object.entries(full.headers).map(([name, value]) => element("tr", null, cells(name, quoted(value))))))];
  }

  const isStream = (value) => Array.isArray(value) && value.length && value.every((one) => one && typeof one === "object" && "event" in one);
  const events = (list) => element("ol", null, list.slice(0, 500).map((one, n) => element("li", null, element("details", { "data-key": n }, element("summary", { class: "mono" }, one.event), json(one.data, one.event)))),
    list.length > 500 ? element("li", { class: "note" }, `${list.length - 500} more events`) : null);

  /* The request as a command. The journal keeps no secrets, so the key is a variable. */
  function curl(full) {
    const query = new URLSearchParams(Object.entries(full.query || {}).flatMap(([name, value]) => [value].flat().map((one) => [name, one]))).toString();
    const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;
    const kept = Object.entries(full.headers).filter(([name]) => /^(openai-beta|content-type|accept)$/.test(name) && !full.headers[name].startsWith("multipart/"));
    const base = location.protocol.startsWith("http") ? location.origin : "$EMULATOR_URL";
    const target = quote(base + full.path + (query ? `?${query}` : "")).replace("'$EMULATOR_URL", "\"$EMULATOR_URL\"'");
    return [`curl -X ${full.method} ${target}`, '-H "Authorization: Bearer $OPENAI_API_KEY"', ...kept.map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
      ...(full.json === null ? [] : [`--data-raw ${quote(typeof full.json === "string" ? full.json : JSON.stringify(full.json))}`])].join(" \\\n  ");
  }

  /* ---- Findings, scenarios ---- */

  function finding(key) {
    const [, kind, number] = /^(problem|loose-end|habit)-(\d+)$/.exec(key) || [];
    const list = { problem: model.problems, "loose-end": model.loose_ends, habit: model.habits }[kind];
    const one = list?.[number - 1];
    if (!one) return null;
    const miss = model.nearMisses.get(one.run_id);
    return [...title(one.kind, kind.replace("-", " "), place(one) ? ` · ${place(one)}` : ""), element("p", { class: "text" }, one.message),
      one.tests ? section("Tests", element("ul", null, one.tests.map((test) => element("li", null, quoted(test))))) : null,
      one.run_id ? element("p", null, "Run: ", link(["runs", one.run_id], one.run_id, { class: "mono" })) : null,
      miss ? section("Near misses", nearMisses(miss)) : null];
  }

  function scenario(name) {
    const one = model.scenarios.find((each) => each.name === name);
    if (!one) return null;
    return [...title(one.name, quoted(one.file)), one.turns.map((turn) => [
      element("h3", null, quoted(turn.name), ` · line ${turn.line ?? "?"} · played ${plural(turn.played, "time")}`, turn.times === null ? "" : ` of ${turn.times}`),
      Object.keys(turn.when).length ? json(turn.when, `Conditions of ${turn.name}`) : element("p", { class: "note" }, "fits every message"),
      element("ol", null, turn.steps.map((step) => element("li", null, tag(step.kind, "tool"), " ", quoted(step.text), element("span", { class: "note" }, ` line ${step.line ?? "?"}`))))])];
  }

  /* ---- Controls ---- */

  const CONTROLS = { clock, holds, faults, cost };
  const control = (name) => CONTROLS[name]?.() || null;

  function field(id, label, input) {
    input.id = id;
    return element("label", { for: id }, label, input);
  }

  function clock() {
    if (!model.clock) return null;
    const seconds = element("input", { type: "number", min: 0, step: "any", required: true, value: "60" });
    return [...title("Clock", model.clock.name), element("p", { class: "mono" }, `${clockTime(model.clock.now)} UTC`),
      !inspector.online ? null : model.clock.name === "real" ? element("p", { class: "note" }, "The real clock cannot be advanced.")
        : element("form", { class: "controls", onsubmit: (event) => inspector.act(event, "/clock/advance", { seconds: Number(document.getElementById("seconds").value) }) },
          field("seconds", "Seconds", seconds), element("button", null, "Advance the clock"), element("p", { class: "error", role: "alert" }))];
  }

  function holds() {
    return [...title("Holds"), model.holds.length ? table(["Hold", "Who stands there", ""], model.holds.map((hold) => element("tr", null,
      element("th", { scope: "row" }, quoted(hold.label)),
      element("td", null, hold.runs.length ? hold.runs.map((one) => link(["runs", one.id], one.id, { class: "mono" })) : "nobody"),
      element("td", null, hold.released ? tag("released", "good") : inspector.online ? element("button", { type: "button", id: `release-${hold.label}`, onclick: () => inspector.release(hold.label) }, "Release") : "closed"))))
      : element("p", { class: "note" }, "No scenario has a hold.")];
  }

  function faults() {
    const rows = model.faults.map((one) => element("tr", null, cells(tag(one.kind, "wait"), [one.operation].flat().join(", "), `${one.applied}${one.times ? ` of ${one.times}` : ""}`, JSON.stringify(Object.fromEntries(Object.entries(one).filter(([name, value]) => !["kind", "operation", "applied", "times"].includes(name) && value && Object.keys(Object(value)).length + Number(typeof value === "number") > 0))))));
    return [...title("Faults"), rows.length ? table(["Kind", "Operation", "Applied", "More"], rows) : element("p", { class: "note" }, "No fault is in force."),
      inspector.online && model.fault_form ? section("Inject a fault", faultForm(model.fault_form)) : null,
      inspector.online && rows.length ? element("div", { class: "actions" }, element("button", { type: "button", id: "clear-faults", onclick: () => inspector.call("DELETE", "/faults") }, "Remove injected faults")) : null];
  }

  /* A form made from the schema of each kind of fault. */
  function faultForm(schema) {
    const kind = element("select", { onchange: () => draw() }, schema.kinds.map((one) => element("option", { value: one.kind }, `${one.kind}: ${one.summary}`)));
    const operation = element("select", null, schema.operations.map((name) => element("option", null, name)));
    const parameters = element("div", { class: "controls" });
    const read = () => {
      const chosen = schema.kinds.find((one) => one.kind === kind.value);
      const values = Object.keys(chosen.parameters).map((name) => [name, document.getElementById(`fault-${name}`).value]).filter(([, text]) => text !== "");
      return { kind: kind.value, operation: operation.value, ...Object.fromEntries(values.map(([name, text]) => [name, typed(text, chosen.parameters[name])])) };
    };
    const draw = () => parameters.replaceChildren(...Object.entries(schema.kinds.find((one) => one.kind === kind.value).parameters).map(([name, one]) =>
      field(`fault-${name}`, one.description ? `${name}: ${one.description}` : name, element("input", { autocomplete: "off" }))));
    draw();
    return element("form", { class: "controls", onsubmit: (event) => inspector.act(event, "/faults", read()) },
      field("fault-kind", "Kind", kind), field("fault-operation", "Operation", operation), parameters, element("button", null, "Inject the fault"), element("p", { class: "error", role: "alert" }));
  }

  function typed(text, schema) {
    if ([schema.type].flat().includes("string")) return text;
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }

  function cost() {
    return model.cost && [...title("Cost", model.cost.note || ""), table(["What", "Amount", "US$"], model.cost.rows.map((one) => element("tr", null, cells(quoted(one.what), one.amount, one.price))))];
  }

  inspector.details = { chats: chat, runs: run, requests: request, findings: finding, scenarios: scenario, controls: control };
})();
