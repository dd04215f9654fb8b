// What happens to an open page when the session ends, here or at a proxy in front: the page goes to sign in again, comes
// back, and what was typed is there. A proxy answers requests of an open page by leading to another site, which only a
// navigation can follow.
(() => {
  const DRAFTS = "telescope-drafts";
  const RETURNING = "telescope-returning";
  const RELOADED = "telescope-reloaded";
  const here = location.pathname + location.search;
  const person = document.querySelector(".who span")?.textContent;
  const byRequest = "byRequest" in document.body.dataset;

  // Typed text, by its form and field. Never what is secret.
  const typed = (root) => [...root.querySelectorAll("form input, form textarea")].filter((field) =>
    field.name && !["hidden", "password", "checkbox", "radio", "file", "submit"].includes(field.type) &&
    field.autocomplete !== "one-time-code");
  const place = (field) => `${field.form?.getAttribute("action") ?? ""} ${field.name}`;
  const keep = () => {
    if (!person) return;
    const changed = typed(document).filter((field) => field.value !== field.defaultValue);
    const values = Object.fromEntries(changed.map((field) => [place(field), field.value]));
    if (changed.length) sessionStorage.setItem(DRAFTS, JSON.stringify({ person, values }));
  };
  const forget = () => {
    for (const name of [DRAFTS, RETURNING]) sessionStorage.removeItem(name);
  };
  // Forms may appear later, in the dialog.
  let drafts = {};
  const restore = () => {
    for (const field of typed(document)) {
      const value = drafts[place(field)];
      if (value === undefined) continue;
      delete drafts[place(field)];
      field.value = value;
    }
  };
  if (person) {
    const kept = JSON.parse(sessionStorage.getItem(DRAFTS) ?? "{}");
    if (sessionStorage.getItem(RETURNING) && kept.person === person) drafts = kept.values;
    forget();
    restore();
    document.addEventListener("htmx:after:swap", restore);
  } else if (sessionStorage.getItem(DRAFTS)) {
    // The sign-in page, or one that leads to it.
    sessionStorage.setItem(RETURNING, "yes");
  }

  // Not on the page that signs out: its own answer may lead on to the identity provider.
  let leaving = false;
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[action='/sign-out']")) {
      leaving = true;
      forget();
    } else keep();
  });
  const ended = () => {
    if (leaving) return;
    keep();
    if (sessionStorage.getItem(DRAFTS)) sessionStorage.setItem(RETURNING, "yes");
    // People who bring an account in with an invite have no session: the page itself says why it ended.
    if (person && !byRequest) {
      leaving = true;
      location.assign(`/sign-in?why=ended&next=${encodeURIComponent(here)}`);
    } else if (Date.now() - Number(sessionStorage.getItem(RELOADED)) > 60000) {
      leaving = true;
      sessionStorage.setItem(RELOADED, Date.now());
      location.assign(here);
    } else {
      if (person) offer("Your session has ended.", "Reload to sign in again");
      else offer("This page is out of date.", "Reload it");
    }
  };

  // Where loading the page again did not help, or may not.
  const offer = (text, label) => {
    let notice = document.getElementById("session-notice");
    if (!notice) {
      notice = document.createElement("p");
      notice.id = "session-notice";
      notice.className = "note waiting";
      notice.setAttribute("role", "alert");
      document.getElementById("notices").before(notice);
    }
    const link = document.createElement("a");
    link.href = here;
    link.textContent = label;
    notice.replaceChildren(`${text} `, link, ".");
  };
  const withdraw = () => document.getElementById("session-notice")?.remove();

  // Asks for this page without following where the answer leads: a failure of the live connection has no status, so it
  // does not say whether the server is unreachable or a proxy wants a new sign-in.
  let asked = 0;
  let failures = 0;
  const probe = async () => {
    if (leaving || document.hidden || Date.now() - asked < 3000) return;
    asked = Date.now();
    try {
      const answer = await fetch(here, { method: "HEAD", redirect: "manual", cache: "no-store" });
      failures = 0;
      if (answer.type === "opaqueredirect" || answer.status === 401) ended();
    } catch {
      failures += 1;
      if (navigator.onLine && failures > 2) {
        offer("This page can't reach Telescope. If that lasts, your session has ended.", "Reload to sign in again");
      }
    }
  };
  document.addEventListener("signed-out", ended);
  document.addEventListener("htmx:error", probe);
  document.addEventListener("htmx:sse:error", probe);
  document.addEventListener("htmx:sse:after:connection", () => {
    failures = 0;
    withdraw();
  });
  document.addEventListener("htmx:response:error", (event) => {
    const { response } = event.detail.ctx;
    if (response.status === 401) ended();
  });
})();
