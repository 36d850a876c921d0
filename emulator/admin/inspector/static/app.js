"use strict";
/* Connects the page to a server, or to the world that its file holds; routes, keys, search. */

(() => {
  const { element, sync, redraw, link, plural, model, merge, matches, panes, details, block } = inspector;
  const PAGE_OF_ROWS = 300;
  const RETRY_MS = 1000;
  const REPORT_MS = 2000;
  const find = (id) => document.getElementById(id);
  const kept = find("world");
  let words = [];
  let shown = PAGE_OF_ROWS;
  let drawnDetail = "";
  let key = "inspector";
  inspector.online = !kept;

  /* ---- Where we are ---- */

  function route() {
    const [pane, ...rest] = location.hash.replace(/^#\/?/, "").split("/").map(decode);
    const found = panes.find((one) => one.name === pane) || panes[0];
    return { pane: found, id: rest.join("/") };
  }

  function decode(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  }

  function go(pane, id) {
    location.hash = `/${pane}${id === undefined ? "" : `/${encodeURIComponent(id)}`}`;
  }

  /* ---- Drawing ---- */

  let waiting = false;
  function draw() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      drawNow();
    });
  }

  function drawNow() {
    const { pane, id } = route();
    const lists = new Map(panes.map((one) => [one.name, one.rows().filter((row) => matches(row.object, words))]));
    sync(find("panes"), panes.map((one) => navigation(one, lists.get(one.name).length, one === pane)));
    find("panes").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
    drawFindings();
    const rows = lists.get(pane.name);
    find("list-title").textContent = pane.title;
    const current = pane.name === "runs" && id === "latest" ? rows[0]?.id : id;
    sync(find("rows"), rows.slice(0, shown).map((row) => ({
      key: row.key, version: `${row.version}|${row.id === current}`, draw: () => row.draw(row.id === current) })));
    note(pane, rows.length);
    drawDetail(pane, id);
  }

  function navigation(pane, count, current) {
    const bad = pane.name === "findings" && model.problems.length > 0;
    return { key: pane.name, version: `${count}|${current}|${bad}`, draw: () => link([pane.name], [pane.title,
      pane.name === "controls" ? null : element("span", { class: `count ${bad ? "bad" : ""}` }, count.toLocaleString("en"))],
    { "aria-current": current ? "page" : null }) };
  }

  function note(pane, count) {
    const left = model.left_out[{ chats: "chats", runs: "turns", requests: "requests" }[pane.name]] || 0;
    const parts = [];
    if (!count) parts.push(words.length ? "Nothing matches the search." : pane.empty);
    if (count > shown) parts.push(`The newest ${shown} of ${count.toLocaleString("en")} are shown; search to find the others.`);
    if (left) parts.push(`${plural(left, "older entry").replace("entrys", "entries")} not loaded.`);
    find("list-note").textContent = parts.join(" ");
    find("list-note").hidden = !parts.length;
  }

  function drawFindings() {
    const found = [...model.problems.map((one, n) => [`problem-${n + 1}`, one]), ...model.loose_ends.map((one, n) => [`loose-end-${n + 1}`, one])];
    const place = find("findings");
    place.hidden = !found.length;
    place.className = model.problems.length ? "" : "warn";
    const first = found.slice(0, 3).map(([id, one]) => element("li", null, link(["findings", id], `${one.kind}: ${one.message.split("\n")[0].slice(0, 200)}`, { title: one.message.slice(0, 2000) })));
    const more = found.length > 3 ? element("li", null, link(["findings"], `${found.length - 3} more`)) : null;
    place.replaceChildren(element("ul", null, first, more));
  }

  function drawDetail(pane, id) {
    const place = find("detail");
    document.body.classList.toggle("reading", id !== "");
    const version = JSON.stringify([pane.name, id, id && stamp(pane.name, id)]);
    if (version === drawnDetail) return;
    const [before, before_] = drawnDetail ? JSON.parse(drawnDetail) : [];
    drawnDetail = version;
    const content = id === "" ? [element("p", { class: "note" }, "Select a row: j and k move, Enter opens.")] : details[pane.name](id);
    const back = element("a", { class: "back", href: `#/${pane.name}` }, `← ${pane.title}`);
    const made = document.createDocumentFragment();
    inspector.add(made, [back, content || element("p", null, `${pane.title} have nothing called ${id}.`)]);
    redraw(place, made);
    if (before !== pane.name || before_ !== id) place.scrollTop = 0;
  }

  /* What a detail depends on: it is drawn anew when that has changed. */
  function stamp(pane, id) {
    if (pane === "chats") return JSON.stringify(model.chats.get(id)?.entries || 0);
    if (pane === "runs") {
      const turn = id === "latest" ? [...model.turns.values()].pop() : inspector.turnOf(id);
      return turn ? [turn.id, turn.changed, turn.held, inspector.counterpart(turn)?.changed, model.nearMisses.has(turn.id)] : 0;
    }
    if (pane === "requests") return model.requests.get(Number(id))?.changed || 0;
    if (pane === "scenarios") return model.scenarios.find((one) => one.name === id) || 0;
    if (pane === "findings") return [model.problems, model.loose_ends, model.habits];
    return [model.clock, model.holds, model.faults, model.cost];
  }

  /* ---- The server ---- */

  async function call(method, path, body) {
    const response = await fetch(`/_emulator${path}`, { method, headers: { authorization: `Bearer ${key}` }, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await response.text();
    if (response.ok) return text;
    let message = text;
    try {
      message = JSON.parse(text).error.message;
    } catch { /* no JSON: the text says it */ }
    throw Object.assign(new Error(message || `status ${response.status}`), { status: response.status });
  }

  async function refresh() {
    const text = await call("GET", `/snapshot?after=${model.seq}&epoch=${encodeURIComponent(model.epoch)}`);
    merge(JSON.parse(text));
    draw();
    reportLater();
  }

  /* Loose ends, habits and cost take longer to find: they follow a while after the last change. */
  let reporting = 0;
  function reportLater() {
    if (reporting) return;
    reporting = setTimeout(async () => {
      try {
        const { loose_ends, habits, cost } = JSON.parse(await call("GET", "/report"));
        const ofThisWorld = loose_ends.filter((one) => one.kind !== "unplayed" && one.kind !== "no_request");
        Object.assign(model, { loose_ends: ofThisWorld, habits, cost });
        draw();
      } catch { /* the next change tries again */ }
      reporting = 0;
    }, REPORT_MS);
  }

  function say(text, kind) {
    const place = find("state");
    place.textContent = text;
    place.className = kind;
  }

  /* Reads the news for as long as there is a server; while it is away, what was seen stays on the page. */
  async function follow() {
    for (;;) {
      try {
        await refresh();
        const response = await fetch("/_emulator/events", { headers: { authorization: `Bearer ${key}` } });
        if (!response.ok) throw new Error(`status ${response.status}`);
        say("live", "live");
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        for (let left = "", read = await reader.read(); !read.done; read = await reader.read()) {
          const frames = (left + read.value).split("\n\n");
          left = frames.pop();
          const news = frames.filter((frame) => frame.startsWith("data: ")).map((frame) => JSON.parse(frame.slice(6))).pop();
          if (news && (news.seq !== model.seq || news.epoch !== model.epoch)) await refresh();
        }
        throw new Error("the stream ended");
      } catch (error) {
        say(`not connected: ${error.message}`, "lost");
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  /* A server with a world for each key asks for the key, which the tab keeps. */
  async function connect() {
    key = sessionStorage.getItem("key") || key;
    try {
      await call("GET", "/worlds");
    } catch (error) {
      if (error.status === 403 && !sessionStorage.getItem("key")) return ask();
    }
    return follow();
  }

  function ask() {
    const dialog = find("key");
    dialog.addEventListener("close", () => {
      key = find("key-text").value.trim();
      if (!key) return dialog.showModal();
      sessionStorage.setItem("key", key);
      follow();
    });
    dialog.showModal();
  }

  /* ---- What a person can do ---- */

  inspector.call = async (method, path, body) => {
    const text = await call(method, path, body);
    await refresh();
    return text;
  };

  inspector.act = async (event, path, body) => {
    event.preventDefault();
    const error = event.target.querySelector(".error");
    try {
      error.textContent = "";
      await inspector.call("POST", path, body);
    } catch (failure) {
      error.textContent = failure.message;
    }
  };

  inspector.release = (label) => inspector.call("POST", `/holds/${encodeURIComponent(label)}/release`).catch((error) => say(error.message, "lost"));

  inspector.requestDetail = async (one) => model.details[one.seq] || (inspector.online ? JSON.parse(await call("GET", `/requests/${one.seq}`)) : Promise.reject(new Error("The file has no headers and bodies of this request.")));

  inspector.copy = async (text, button) => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.after(block(text, "Command"));
      button.disabled = true;
    }
  };

  inspector.showScenario = async (turn) => {
    const place = find("as-scenario-text");
    try {
      const text = await call("GET", `/export?as=scenario&run=${encodeURIComponent(turn.id)}`);
      const copy = element("button", { type: "button", onclick: (event) => inspector.copy(text, event.target) }, "Copy");
      place.replaceChildren(element("div", { class: "actions" }, copy), block(text, "Scenario"));
    } catch (error) {
      place.replaceChildren(element("p", { class: "error", role: "alert" }, error.message));
    }
  };

  /* ---- Keys and search ---- */

  const KEYS = [
    ["j", "next row", () => step(1)], ["k", "previous row", () => step(-1)],
    ["Enter", "open the row, then read its detail", () => read()], ["Escape", "back to the list; empty the search", () => leave()],
    ["/", "search everything", () => find("words").focus()], ["r", "read everything again", () => again()],
    ...panes.map((pane, n) => [String(n + 1), pane.title.toLowerCase(), () => go(pane.name)]),
    ["?", "show the keys", () => find("help").showModal()],
  ];

  function step(by) {
    drawNow();
    const links = [...find("rows").querySelectorAll("a")];
    const now = links.findIndex((one) => one.getAttribute("aria-current") || one === document.activeElement);
    const next = links[Math.min(links.length - 1, Math.max(0, now + by))];
    if (!next) return;
    location.hash = next.getAttribute("href");
    drawNow();
    const fresh = find("rows").querySelector("a[aria-current]");
    fresh?.focus({ preventScroll: true });
    fresh?.scrollIntoView({ block: "nearest" });
  }

  function read() {
    drawNow();
    const first = find("rows").querySelector("a");
    if (route().id === "" && first) location.hash = first.getAttribute("href");
    find("detail").focus();
  }

  function leave() {
    if (words.length) search("");
    else if (document.activeElement === find("detail") || find("detail").contains(document.activeElement)) (find("rows").querySelector("a[aria-current]") || find("rows").querySelector("a"))?.focus();
    else go(route().pane.name);
  }

  async function again() {
    if (!inspector.online) return;
    model.seq = 0;
    await refresh().catch((error) => say(error.message, "lost"));
  }

  function search(text) {
    find("words").value = text;
    words = text.toLowerCase().split(/\s+/).filter(Boolean);
    draw();
  }

  document.addEventListener("keydown", (event) => {
    const inField = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (inField && event.key === "Escape") {
      if (event.target.id === "words") search("");
      event.target.blur();
      return;
    }
    const onControl = /^(BUTTON|SUMMARY)$/.test(event.target.tagName) || (event.target.tagName === "A" && !find("rows").contains(event.target));
    if (inField || (onControl && event.key === "Enter")) return;
    const found = KEYS.find(([name]) => name === event.key);
    if (!found) return;
    if (event.key === "Enter" && event.target.tagName === "A") setTimeout(() => find("detail").focus());
    else {
      event.preventDefault();
      found[2]();
    }
  });
  find("words").addEventListener("input", (event) => search(event.target.value));
  find("search").addEventListener("submit", (event) => {
    event.preventDefault();
    find("rows").querySelector("a")?.focus();
  });
  find("help-button").addEventListener("click", () => find("help").showModal());
  find("help-body").append(element("table", null, element("tbody", null, KEYS.map(([name, what]) => element("tr", null, element("th", { scope: "row" }, element("kbd", null, name)), element("td", null, what))))));
  addEventListener("hashchange", () => {
    shown = PAGE_OF_ROWS;
    draw();
  });

  if (kept) {
    merge(JSON.parse(kept.textContent));
    say("a report: the world as it was", "");
    draw();
  } else {
    draw();
    requestAnimationFrame(() => setTimeout(connect)); // the empty page is painted first
  }
})();
