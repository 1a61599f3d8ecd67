// Makes pages quicker, never necessary: every button here is a form that works without this.
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Acting on papers: the answer holds the changed parts of the page.
  const put = (html) => {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    for (const part of all("[data-part]", fresh)) {
      const same = `[data-part="${CSS.escape(part.dataset.part)}"]`;
      const kind = part.dataset.kind ? `[data-kind="${part.dataset.kind}"]` : ":not([data-kind])";
      for (const old of all(same + kind)) {
        const place = all("button", old).indexOf(document.activeElement);
        const next = document.importNode(part, true);
        if (old.id === "flash") old.replaceChildren(...next.childNodes);
        else old.replaceWith(next);
        if (place >= 0) (all("button", next)[place] || next).focus();
      }
    }
  };
  const send = async (form, button) => {
    const fields = new URLSearchParams(new FormData(form));
    if (button?.name) fields.set(button.name, button.value);
    fields.set("part", "1");
    const options = { method: "POST", body: fields, headers: { Accept: "text/html" } };
    const answer = await fetch(form.action, options);
    if (!answer.ok) throw new Error(answer.status);
    put(await answer.text());
  };
  addEventListener("submit", (event) => {
    const form = event.target;
    if (!["acts", "undo"].includes(form.id)) return;
    const button = event.submitter;
    event.preventDefault();
    send(form, button).catch(() => {
      const kept = document.createElement("input");
      Object.assign(kept, { type: "hidden", name: button.name, value: button.value });
      form.append(kept);
      form.submit();
    });
  });

  // Following from a list: the paper's authors come to where the reader is.
  addEventListener("click", async (event) => {
    const link = event.target.closest?.(".acts a[href$='#authors']");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const item = link.closest(".story, .hit");
    const shown = $(".whom", item);
    link.setAttribute("aria-expanded", shown ? "false" : "true");
    if (shown) return shown.remove();
    try {
      const text = await (await fetch(link.href)).text();
      const list = document.importNode($("#authors", new DOMParser().parseFromString(text, "text/html")), true);
      list.removeAttribute("id");
      list.classList.add("whom");
      if (!$(".whom", item)) $(".acts", item).after(list);
      $("button", list)?.focus();
    } catch {
      location.assign(link.href);
    }
  });

  // Search as you type: the page that the form would load, its results put into this one.
  const live = $("form[data-live]");
  if (live) {
    let waiting = 0;
    let asked = 0;
    const look = async () => {
      const number = ++asked;
      const address = live.action + "?" + new URLSearchParams(new FormData(live));
      const answer = await fetch(address);
      if (!answer.ok || number !== asked) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (number !== asked) return;
      $("#results").replaceWith(document.importNode($("#results", fresh), true));
      document.title = fresh.title;
      history.replaceState(null, "", address);
      for (const form of all("form[method=post]")) form.back.value = location.pathname + location.search;
    };
    live.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => look().catch(() => {}), 250);
    });
  }

  // A page that is still being worked out comes when it is there.
  const look_again = async () => {
    const answer = await fetch(location.href).catch(() => null);
    if (!answer?.ok || (await answer.text()).includes("data-waiting")) setTimeout(look_again, 3000);
    else location.reload();
  };
  if ($("[data-waiting]")) setTimeout(look_again, 3000);

  // Copying: a button beside each text that is worth it.
  const copy = async (target) => {
    try {
      await navigator.clipboard.writeText($("code", target).textContent);
      tell("Copied.");
    } catch {
      getSelection().selectAllChildren(target);
      tell("Selected; press Ctrl-C to copy.");
    }
  };
  // Citing: one key, once for BibTeX, again for the next format.
  const CITED = [[".bib", "BibTeX"], [".ris", "RIS"], [".csl", "CSL-JSON"]];
  let cited = { path: "", turn: 0 };
  const cite = async (path) => {
    cited = { path, turn: path === cited.path ? (cited.turn + 1) % CITED.length : 0 };
    const [ending, name] = CITED[cited.turn];
    try {
      const answer = await fetch(path + ending);
      if (!answer.ok) throw new Error(answer.status);
      await navigator.clipboard.writeText(await answer.text());
      tell(`Copied as ${name}. Again for ${CITED[(cited.turn + 1) % CITED.length][1]}.`);
    } catch {
      if ($("#bibtex-text")) copy($("#bibtex-text"));
      else location.assign(path + ending);
    }
  };
  const tell = (text) => {
    const line = document.createElement("p");
    line.textContent = text;
    $("#flash")?.replaceChildren(line);
  };
  for (const button of all("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(document.getElementById(button.dataset.copy)));
  }

  // The keyboard. One key can be pressed by mistake, so it can all be switched off (WCAG 2.1.4).
  const help = $("#keys");
  if (!help) return;
  const box = $("#keys-on");
  const stored = () => { try { return localStorage.getItem("keys") !== "off"; } catch { return true; } };
  box.checked = stored();
  box.addEventListener("change", () => {
    try { localStorage.setItem("keys", box.checked ? "on" : "off"); } catch { /* private window */ }
  });
  const items = () => all(".story, .hit").filter((item) => item.offsetParent);
  const here = () => document.activeElement.closest(".story, .hit") || $(".story.at, .hit.at");
  const step = (by) => {
    const list = items();
    if (!list.length) return;
    const at = list.indexOf(here());
    const item = list[at < 0 ? (by > 0 ? 0 : list.length - 1) : Math.min(Math.max(at + by, 0), list.length - 1)];
    for (const old of all(".at")) old.classList.remove("at");
    item.classList.add("at");
    const link = $("h2 a, h3 a", item);
    link.focus({ preventScroll: true });
    item.scrollIntoView({ block: "center", behavior: "auto" });
  };
  const press = (...verbs) => {
    const root = here() || $(".acts[data-kind=paper]");
    const button = root && verbs.map((verb) => $(`.acts button[value^="${verb} "]`, root.closest(".story, .hit") || document)).find(Boolean);
    button?.click();
  };
  const open = (suffix = "") => {
    const link = here() && $("h2 a, h3 a", here());
    if (link) location.assign(link.href + suffix);
    return Boolean(link);
  };
  const write = () => {
    const note = $("[data-note]");
    if (!note) return false;
    const folded = note.closest("details");
    if (folded) folded.open = true;
    note.focus();
    return true;
  };
  if (location.hash === "#write") write();
  const places = { t: "/", s: "/search", l: "/library", d: "/ledger" };
  let going = 0;
  const keys = {
    j: () => step(1),
    k: () => step(-1),
    o: () => open(),
    s: () => press("save", "unsave"),
    v: () => press("like", "unvote"),
    x: () => press("dismiss", "restore"),
    r: () => press("read", "unread"),
    n: () => write() || open("#write"),
    c: () => {
      const link = (here() && $("h2 a, h3 a", here())) || $(".paper .ways a[href$='.bib']");
      if (link) cite(link.pathname.replace(/\.bib$/, ""));
    },
    "/": () => { const field = $("#q") || $("#find-q"); field?.focus(); field?.select(); },
    g: () => { going = Date.now(); },
    "?": () => help.showModal(),
  };
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    if (event.target.matches("input, textarea, select, [contenteditable]")) return;
    if (!box.checked && event.key !== "?") return;
    const place = Date.now() - going < 1500 && places[event.key];
    going = 0;
    if (place) location.assign(place);
    else if (Object.hasOwn(keys, event.key)) keys[event.key]();
    else return;
    event.preventDefault();
  });
  for (const button of all("[data-opens=keys]")) {
    button.hidden = false;
    button.addEventListener("click", () => help.showModal());
  }
})();
