"use strict";
/* What the snapshots say, put together. Lists are maps by id, in the order in which their objects came. */

(() => {
  const MOST_REQUESTS = 20000;
  const LISTS = { requests: "seq", turns: "id", chats: "id" };
  const model = {
    seq: 0, epoch: "", version: 0, requests: new Map(), turns: new Map(), chats: new Map(), nearMisses: new Map(),
    problems: [], loose_ends: [], habits: [], scenarios: [], faults: [], holds: [], files: new Map(), left_out: {},
    clock: null, settings: {}, cost: null, fault_form: null, details: {},
  };

  /* Takes a snapshot. A full one replaces what was there, a later one adds to it. */
  function merge(snapshot) {
    if (snapshot.full) {
      for (const name of Object.keys(LISTS)) model[name].clear();
      model.nearMisses.clear();
    }
    for (const [name, key] of Object.entries(LISTS)) {
      for (const one of snapshot[name] || []) {
        if (one.deleted) model[name].delete(one.id);
        else model[name].set(one[key], one);
      }
    }
    for (const miss of snapshot.near_misses || []) model.nearMisses.set(miss.run_id, miss);
    for (const name of ["problems", "loose_ends", "habits", "scenarios", "faults", "holds", "clock", "settings", "cost", "fault_form", "details"]) {
      if (snapshot[name] !== undefined && snapshot[name] !== null) model[name] = snapshot[name];
    }
    if (snapshot.files) model.files = new Map(snapshot.files.map((file) => [file.id, file]));
    if (snapshot.full) model.left_out = snapshot.left_out || {};
    for (const seq of model.requests.keys()) {
      if (model.requests.size <= MOST_REQUESTS) break;
      model.requests.delete(seq);
    }
    model.seq = snapshot.seq;
    model.epoch = snapshot.epoch;
    model.version += 1;
  }

  const haystacks = new WeakMap();

  /* True if an object has all words of a search, anywhere. */
  function matches(object, words) {
    if (!words.length) return true;
    let text = haystacks.get(object);
    if (text === undefined) haystacks.set(object, (text = JSON.stringify(object).toLowerCase()));
    return words.every((word) => text.includes(word));
  }

  function newestFirst(map) {
    return [...map.values()].reverse();
  }

  /* The turn that plays a run or a response. */
  function turnOf(id) {
    return model.turns.get(id) || [...model.turns.values()].find((turn) => turn.responses.includes(id));
  }

  function apiOf(turn) {
    return turn.responses.length ? "responses" : "assistants";
  }

  /* The latest time that the other API has played the same turn, of the same question if there is one. */
  function counterpart(turn) {
    const others = newestFirst(model.turns).filter((other) =>
      other.turn === turn.turn && other.scenario === turn.scenario && apiOf(other) !== apiOf(turn) && other.scenario);
    return others.find((other) => other.transcript?.question === turn.transcript?.question) || others[0];
  }

  Object.assign(inspector, { model, merge, matches, newestFirst, turnOf, apiOf, counterpart });
})();
