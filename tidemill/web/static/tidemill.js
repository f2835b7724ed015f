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

  // Live parts: ask every two seconds what has changed, swap it in, and rest while nobody looks.
  const EVERY = 2000, SLOWEST = 30000, PATIENCE = 15000;
  let stamp = "", wait = EVERY, timer = 0;
  const state = (name) => { root.dataset.link = name; };

  const swap = (fragments) => {
    for (const [name, html] of Object.entries(fragments)) {
      const place = document.querySelector(`[data-live="${name}"]`);
      if (!place || place.dataset.shown === html) continue;
      const focus = document.activeElement;
      const inside = place.contains(focus);
      if (inside && focus.matches("input, textarea, select, summary")) continue;
      const key = inside ? [...place.querySelectorAll("a, button")].indexOf(focus) : -1;
      place.innerHTML = html;
      place.dataset.shown = html;
      if (key >= 0) place.querySelectorAll("a, button")[key]?.focus({ preventScroll: true });
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
