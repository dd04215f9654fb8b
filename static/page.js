// What pages have beside htmx: times in the reader's zone, the theme, keyboard shortcuts. Without it times are in UTC.
(() => {
  const each = (css, work) => { for (const it of document.querySelectorAll(css)) work(it); };

  // Times: the reader's, with UTC as the tooltip.
  const format = new Intl.DateTimeFormat("en-GB", {
    day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit",
  });
  const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const STEPS = [["day", 86400], ["hour", 3600], ["minute", 60]];
  const DAYS = 7;
  // How long it is from now; nothing if it is so far that a date says more.
  const distance = (at) => {
    const seconds = Math.round((at - Date.now()) / 1000);
    if (Math.abs(seconds) > DAYS * 86400) return "";
    if (Math.abs(seconds) < 45) return seconds > 0 ? "in a moment" : "just now";
    const [unit, length] = STEPS.find(([, length]) => Math.abs(seconds) >= length) ?? STEPS.at(-1);
    return relative.format(Math.round(seconds / length) || Math.sign(seconds), unit);
  };
  const write = (place, text, title) => {
    if (place.textContent !== text) place.textContent = text;
    if (place.title !== title) place.title = title;
  };
  const times = () => each("time[datetime]", (place) => {
    const at = new Date(place.dateTime);
    if (isNaN(at)) return;
    const [local, far] = [format.format(at), distance(at)];
    const utc = `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;
    if ("ago" in place.dataset && far) write(place, far, `${local} (${utc})`);
    else write(place, local, far ? `${utc}, ${far}` : utc);
  });
  times();
  document.addEventListener("htmx:after:swap", times);
  setInterval(times, 20000);
  addEventListener("beforeprint", () => {
    each("[data-now] time", (place) => { place.dateTime = new Date().toISOString(); });
    // On paper nothing can be pointed at, and it is read later.
    each("time[data-ago]", (place) => place.removeAttribute("data-ago"));
    times();
  });

  // Fields for times are filled in and read in the reader's zone; what is sent is UTC.
  const pad = (number) => String(number).padStart(2, "0");
  const local = (at) => `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}T${pad(at.getHours())}:${pad(at.getMinutes())}`;
  each("input[type=datetime-local]", (field) => {
    if (field.value) field.value = local(new Date(`${field.value}Z`));
    each(`label[for="${field.id}"] [data-utc]`, (mark) => { mark.hidden = true; });
    field.form.addEventListener("formdata", ({ formData }) => {
      const at = new Date(field.value);
      if (!isNaN(at)) formData.set(field.name, `${at.toISOString().slice(0, 16)}Z`);
    });
  });

  // The theme.
  each("[data-theme-switch]", (part) => {
    const choice = part.querySelector("select");
    try { choice.value = localStorage.getItem("theme") ?? ""; } catch { return; }
    part.hidden = false;
    choice.addEventListener("change", () => {
      if (choice.value) localStorage.setItem("theme", choice.value);
      else localStorage.removeItem("theme");
      dispatchEvent(new Event("theme"));
    });
    addEventListener("storage", () => { choice.value = localStorage.getItem("theme") ?? ""; });
  });

  // The list of accounts is returned to as it was left.
  const LIST = "/accounts";
  const back = document.querySelector(`a.back[href="${LIST}"]`);
  try {
    if (back) back.href = LIST + (sessionStorage.getItem("list") ?? "");
    addEventListener("pagehide", () => {
      if (location.pathname === LIST) sessionStorage.setItem("list", location.search);
    });
  } catch { /* Storage is blocked. */ }

  // Accounts can be selected all at once, and their number is shown.
  const boxes = () => [...document.querySelectorAll('input[name="account"][form="selection"]')];
  const selected = () => {
    const all = document.querySelector("[data-select-all]");
    const place = document.querySelector("[data-selected]");
    if (!all || !place) return;
    // Without it the server would take all accounts of the page, also those that were cleared again.
    all.removeAttribute("name");
    const [rows, count] = [boxes(), boxes().filter((box) => box.checked).length];
    all.checked = count > 0 && count === rows.length;
    all.indeterminate = count > 0 && count < rows.length;
    const text = count ? `${count} selected` : "";
    if (place.textContent !== text) place.textContent = text;
  };
  document.addEventListener("change", ({ target }) => {
    if (target.matches("[data-select-all]")) for (const box of boxes()) box.checked = target.checked;
    selected();
  });
  document.addEventListener("htmx:after:swap", selected);
  selected();

  // Keyboard shortcuts.
  const help = document.getElementById("shortcuts");
  const links = [...document.querySelectorAll(".top [data-key]")];
  const search = () => document.querySelector("main [type=search], main [name=q], main [name=actor]");
  const keys = [["?", "Show this help"], ...(search() ? [["/", "Search on this page"]] : []),
    ...links.map((link) => [`g ${link.dataset.key}`, link.firstChild.textContent.trim()])];
  for (const [key, meaning] of keys) {
    const [name, text] = [document.createElement("dt"), document.createElement("dd")];
    for (const part of key.split(" ")) {
      const kbd = document.createElement("kbd");
      kbd.textContent = part;
      name.append(kbd, " ");
    }
    text.textContent = meaning;
    help.querySelector(".keys").append(name, text);
  }
  const showHelp = () => help.showModal();
  each("[data-shortcuts]", (button) => {
    button.hidden = false;
    button.addEventListener("click", showHelp);
  });
  const isTyping = (place) => place.closest?.("input, textarea, select, [contenteditable]");
  let goes = false;
  let forget;
  document.addEventListener("keydown", (event) => {
    const isPlain = !(event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented);
    if (!isPlain || isTyping(event.target) || document.querySelector("dialog[open]")) {
      goes = false;
      return;
    }
    const went = goes;
    goes = false;
    if (went) {
      const link = links.find((link) => link.dataset.key === event.key);
      if (!link) return;
      event.preventDefault();
      location.assign(link.href);
    } else if (event.key === "g") {
      goes = true;
      clearTimeout(forget);
      forget = setTimeout(() => { goes = false; }, 1500);
    } else if (event.key === "/" && search()) {
      event.preventDefault();
      search().focus();
      search().select?.();
    } else if (event.key === "?") {
      event.preventDefault();
      showHelp();
    }
  });
})();
