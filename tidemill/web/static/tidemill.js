// The page works without this file. With it: the chosen light is kept, what changes is swapped in by itself, ids can be copied.
"use strict";
(() => {
  const root = document.documentElement;
  const kept = () => { try { return localStorage.getItem("tidemill-light") || ""; } catch { return ""; } };
  const apply = (light) => { if (light) root.dataset.light = light; else delete root.dataset.light; };
  apply(kept());

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.light || (dark.matches ? "dark" : "light")) === "dark";

  const light = () => {
    const button = document.querySelector("[data-light-toggle]");
    if (!button) return;
    const say = () => button.setAttribute("aria-pressed", String(isDark()));
    button.hidden = false;
    button.addEventListener("click", () => {
      const next = isDark() ? "light" : "dark";
      apply(next);
      try { localStorage.setItem("tidemill-light", next); } catch { /* private mode: for this page only */ }
      say();
    });
    dark.addEventListener("change", say);
    say();
  };

  // Ids are long: the button beside one puts it into the clipboard.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.dataset.copied = "";
      setTimeout(() => delete button.dataset.copied, 1200);
    } catch { /* no clipboard here: the id stands in the title */ }
  });

  // A picture's marks say their values: the one that is pointed at, or that the arrow keys have come to, stands below it.
  const marksOf = (picture) => [...picture.querySelectorAll("title")].map((t) => t.parentElement)
    .filter((e) => e !== picture && e.localName !== "text" && !e.querySelector(":scope * > title"));
  const tell = (picture, mark) => {
    picture.querySelectorAll(".here").forEach((e) => e.classList.remove("here"));
    mark.classList.add("here");
    let line = picture.nextElementSibling;
    if (!line || !line.matches(".readout")) {
      line = document.createElement("p");
      line.className = "readout";
      line.setAttribute("role", "status");
      picture.after(line);
    }
    line.textContent = mark.querySelector(":scope > title").textContent;
  };
  const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  document.addEventListener("keydown", (event) => {
    const picture = event.target.closest && event.target.closest("svg.picture[tabindex]");
    if (!picture || !(event.key in STEPS || event.key === "Home" || event.key === "End")) return;
    const marks = marksOf(picture), here = marks.findIndex((e) => e.classList.contains("here"));
    if (!marks.length) return;
    event.preventDefault();
    const next = event.key === "Home" ? 0 : event.key === "End" ? marks.length - 1 : here + STEPS[event.key];
    tell(picture, marks[Math.max(0, Math.min(next, marks.length - 1))]);
  });
  document.addEventListener("pointerover", (event) => {
    const picture = event.target.closest("svg.picture[tabindex]");
    const mark = picture && event.target.closest("svg.picture *:has(> title)");
    if (mark && mark !== picture && marksOf(picture).includes(mark)) tell(picture, mark);
  });

  // Tables: rows are sorted by a column and narrowed by a word, and become cards on a small screen. Kept while live parts are swapped.
  const arranged = new Map(), FEW = 8;
  const UNITS = { "µs": 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600, day: 86400, days: 86400, k: 1e3, M: 1e6, G: 1e9, kB: 1e3, MB: 1e6, GB: 1e9, "%": 0.01 };
  const valueOf = (cell) => {
    const time = cell && cell.querySelector("time[datetime]");
    if (time) return Date.parse(time.dateTime);
    const text = cell ? cell.textContent.trim() : "", found = text.match(/^([-−]?[\d,]*\.?\d+(?:e[-+]?\d+)?)\s*(µs|ms|min|days?|kB|MB|GB|[skMGh%])?(?![\w.])/);
    return found ? Number(found[1].replaceAll(",", "").replace("−", "-")) * (UNITS[found[2]] ?? 1) : text.toLowerCase();
  };
  const compare = (a, b) => typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === "number" ? -1 : 1;
  const arrange = (table, state) => {
    const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells], way = state.down ? -1 : 1;
    const rows = [...body.rows];
    if (state.column !== undefined) rows.sort((a, b) => way * compare(valueOf(a.cells[state.column]), valueOf(b.cells[state.column]))).forEach((row) => body.append(row));
    heads.forEach((head, i) => { if (i === state.column) head.setAttribute("aria-sort", state.down ? "descending" : "ascending"); else head.removeAttribute("aria-sort"); });
    const word = (state.word || "").toLowerCase();
    rows.forEach((row) => { row.hidden = !!word && !row.textContent.toLowerCase().includes(word); });
  };
  const furnish = (root) => root.querySelectorAll(".wide > table").forEach((table) => {
    const box = table.parentElement, name = box.getAttribute("aria-label") || "", body = table.tBodies[0];
    if (table.dataset.ready || !table.tHead || !body) return;
    table.dataset.ready = "";
    const heads = [...table.tHead.rows[0].cells];
    for (const row of body.rows) [...row.cells].forEach((cell, i) => { if (heads[i]) cell.dataset.column = heads[i].textContent.trim(); });
    table.classList.add("cards");
    if (body.rows.length < 2) return;
    const key = location.pathname + name, state = arranged.get(key) || {};
    arranged.set(key, state);
    heads.forEach((head, i) => {
      if (!head.textContent.trim()) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => { state.down = state.column === i && !state.down; state.column = i; arrange(table, state); });
      head.append(button);
    });
    if (body.rows.length >= FEW) {
      const line = document.createElement("p"), field = document.createElement("input");
      line.className = "narrow";
      field.type = "search";
      field.placeholder = "narrow these rows";
      field.setAttribute("aria-label", `Narrow the rows of ${name || "this table"}`);
      field.value = state.word || "";
      field.addEventListener("input", () => { state.word = field.value; arrange(table, state); });
      line.append(field);
      box.before(line);
    }
    if (state.column !== undefined || state.word) arrange(table, state);
  });

  // Live parts: ask every two seconds what has changed, swap it in, and rest while nobody looks.
  const EVERY = 2000, SLOWEST = 30000, PATIENCE = 15000;
  let stamp = "", wait = EVERY, timer = 0;
  const state = (name) => { root.dataset.link = name; };

  const STOPS = "a, button, [tabindex]";
  const swap = (fragments) => {
    for (const [name, html] of Object.entries(fragments)) {
      const place = document.querySelector(`[data-live="${name}"]`);
      if (!place || place.dataset.shown === html) continue;
      const focus = document.activeElement;
      const inside = place.contains(focus);
      if (inside && focus.matches("input, textarea, select, summary")) continue;
      const key = inside ? [...place.querySelectorAll(STOPS)].indexOf(focus) : -1;
      const here = key >= 0 && focus.matches("svg") ? marksOf(focus).findIndex((e) => e.classList.contains("here")) : -1;
      place.innerHTML = html;
      place.dataset.shown = html;
      furnish(place);
      const again = key >= 0 && place.querySelectorAll(STOPS)[key];
      if (again) again.focus({ preventScroll: true });
      if (again && here >= 0 && marksOf(again)[here]) tell(again, marksOf(again)[here]);
    }
  };

  const pulse = async () => {
    try {
      const answer = await fetch(location.pathname + location.search, { headers: { "x-tidemill-pulse": stamp }, cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
      if (answer.status === 401) { state("ended"); return; }
      if (answer.status === 200) {
        const said = await answer.json();
        stamp = said.stamp;
        swap(said.fragments);
      }
      wait = answer.ok ? EVERY : Math.min(wait * 2, SLOWEST);
      state(answer.ok ? "on" : "failing");
    } catch {
      wait = Math.min(wait * 2, SLOWEST);
      state("off");
    }
    rest();
  };

  const rest = () => {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(pulse, wait);
  };

  const begin = () => {
    light();
    furnish(document);
    const here = document.querySelector(".nav [aria-current]"), nav = here && here.closest(".nav");
    if (nav && nav.scrollWidth > nav.clientWidth) nav.scrollLeft = here.offsetLeft - (nav.clientWidth - here.offsetWidth) / 2;
    const body = document.body;
    stamp = body.dataset.stamp || "";
    if (!stamp || !document.querySelector("[data-live]")) return;
    document.addEventListener("visibilitychange", () => { wait = EVERY; if (document.hidden) clearTimeout(timer); else pulse(); });
    addEventListener("online", () => { wait = EVERY; pulse(); });
    rest();
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin); else begin();
})();
