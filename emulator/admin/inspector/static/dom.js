"use strict";
/* Makes elements. Text goes into text nodes only: nothing that a world holds is ever read as markup. */
const inspector = {};

(() => {
  /* An element. Attributes that are null or false are left out; `on…` is a listener; children are nodes or texts. */
  function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (name === "value") made.value = value;
      else made.setAttribute(name, value === true ? "" : String(value));
    }
    add(made, children);
    return made;
  }

  function add(parent, children) {
    for (const child of children) {
      if (Array.isArray(child)) add(parent, child);
      else if (child instanceof Node) parent.append(child);
      else if (child !== null && child !== undefined && child !== false) parent.append(document.createTextNode(String(child)));
    }
  }

  /* Makes the children of `parent` those of `rows` ({key, version, draw}); a row that has not changed keeps its node. */
  function sync(parent, rows) {
    const before = new Map([...parent.children].map((node) => [node.rowKey, node]));
    let place = parent.firstElementChild;
    for (const row of rows) {
      let node = before.get(row.key);
      if (!node || node.rowVersion !== row.version) {
        const fresh = row.draw();
        fresh.rowKey = row.key;
        fresh.rowVersion = row.version;
        if (node) {
          const focused = node.contains(document.activeElement);
          if (node === place) place = fresh;
          node.replaceWith(fresh);
          if (focused) (fresh.querySelector("a, button, input") || fresh).focus({ preventScroll: true });
        }
        node = fresh;
      }
      before.delete(row.key);
      if (node === place) place = place.nextElementSibling;
      else parent.insertBefore(node, place);
    }
    for (const node of before.values()) node.remove();
  }

  /* Replaces what `parent` shows, and keeps what a person has typed, opened, scrolled to or focused in it. */
  function redraw(parent, content) {
    const typed = new Map([...parent.querySelectorAll("input, select, textarea")].map((one) => [one.id, one.value]));
    const opened = new Set([...parent.querySelectorAll("details[open]")].map((one) => one.dataset.key));
    const focused = parent.contains(document.activeElement) ? document.activeElement.id : "";
    const top = parent.scrollTop;
    parent.replaceChildren(content);
    for (const one of parent.querySelectorAll("input, select, textarea")) {
      if (one.id && typed.has(one.id)) one.value = typed.get(one.id);
    }
    for (const one of parent.querySelectorAll("details")) if (opened.has(one.dataset.key)) one.open = true;
    parent.scrollTop = top;
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }

  function tag(text, kind) {
    return element("span", { class: `tag ${kind || ""}` }, text);
  }

  /* A text of unknown origin: its direction stays its own. */
  function quoted(text) {
    return element("bdi", null, text);
  }

  /* A block that scrolls can be reached with the keyboard. */
  function block(text, label) {
    return element("pre", { tabindex: 0, role: "group", "aria-label": label || "Text" }, text);
  }

  function table(heads, rows) {
    return element("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": heads.filter(Boolean).join(", ") },
      element("table", null,
        element("thead", null, element("tr", null, heads.map((head) => element("th", { scope: "col" }, head || "·")))),
        element("tbody", null, rows)));
  }

  function link(route, text, more) {
    return element("a", { href: `#/${route.map(encodeURIComponent).join("/")}`, ...more }, text);
  }

  function plural(number, noun) {
    return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
  }

  Object.assign(inspector, { element, add, sync, redraw, tag, quoted, block, table, link, plural });
})();
