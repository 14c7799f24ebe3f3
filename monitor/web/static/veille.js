// Veille's own script: keyboard in the inbox, live arrivals. Every page works without it.
"use strict";

(() => {
  const cards = () => Array.from(document.querySelectorAll(".card"));
  let at = -1;

  function move(step) {
    const all = cards();
    if (!all.length) return;
    const focused = all.indexOf(document.activeElement && document.activeElement.closest(".card"));
    at = Math.max(0, Math.min(all.length - 1, (focused >= 0 ? focused : at) + step));
    all.forEach((card, index) => card.classList.toggle("here", index === at));
    all[at].focus();
    all[at].scrollIntoView({ block: "nearest" });
  }

  function current() {
    const all = cards();
    const focused = document.activeElement && document.activeElement.closest(".card");
    return focused || all[at] || null;
  }

  const acts = { v: "to-verify", s: "follow-up", c: "confirmed" };

  function act(key, card) {
    if (key === "o") card.querySelector("a.open").click();
    if (key === "x") card.querySelector(".tick").click();
    if (key === "e") {
      const details = card.querySelector(".acts details");
      details.open = true;
      details.querySelector("input[name=reason]").focus();
    }
    if (acts[key]) card.querySelector(`button[data-act="${acts[key]}"]`).click();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if ("oxevsc".includes(event.key) && current()) {
      event.preventDefault();
      act(event.key, current());
    }
  });

  // after a change the card is a new element: the keyboard stays where it was
  document.addEventListener("htmx:afterSwap", (event) => {
    const card = document.getElementById(event.detail.target.id);
    if (card && card.classList.contains("card")) card.focus();
  });

  // the answer to a refused change is an error page or its JSON: say it instead of nothing
  document.addEventListener("htmx:responseError", (event) => {
    const card = event.target.closest(".card, .panel") || document.body;
    const line = document.createElement("p");
    line.className = "wrong";
    line.setAttribute("role", "alert");
    line.textContent = `${event.detail.xhr.status} ${event.detail.xhr.statusText}`;
    card.prepend(line);
  });

  const fresh = document.getElementById("fresh");
  if (fresh && window.EventSource) {
    const stream = new EventSource(`/alerts/stream?after=${encodeURIComponent(fresh.dataset.after)}`);
    let count = 0;
    stream.addEventListener("alert", () => {
      count += 1;
      fresh.hidden = false;
      const link = fresh.querySelector("a");
      link.textContent = `${link.textContent.replace(/ \(\d+\)$/, "")} (${count})`;
    });
    window.addEventListener("pagehide", () => stream.close());
  }

  // what needs a script shows only where there is one
  document.querySelectorAll("[data-copy], [data-script]").forEach((element) => { element.hidden = false; });

  document.querySelectorAll("[data-copy]").forEach((button) => {
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.copy);
      const text = source.value === undefined ? source.textContent : source.value;
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        // no clipboard outside https and localhost: select it for the reader
        if (source.select) source.select();
        else window.getSelection().selectAllChildren(source);
        return;
      }
      button.textContent = button.dataset.done;
    });
  });

  document.querySelectorAll("select[data-goto]").forEach((chosen) => {
    const area = document.getElementById(chosen.dataset.goto);
    chosen.addEventListener("change", () => {
      const at = area.value.indexOf(`slug = "${chosen.value}"`);
      if (at < 0) return;
      const line = area.value.slice(0, at).split("\n").length - 1;
      area.setSelectionRange(at, at + chosen.value.length + 9);
      area.scrollTop = Math.max(0, line - 2) * parseFloat(getComputedStyle(area).lineHeight);
      area.focus({ preventScroll: true });
    });
  });

  if (window.matchMedia("(max-width: 56rem)").matches) {
    document.querySelectorAll("details.rail").forEach((rail) => { rail.open = false; });
  }
})();
