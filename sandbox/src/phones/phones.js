// Reloads the page when something changed, unless a form is being filled in.
const main = () => document.querySelector("main");
const busy = () => {
  const field = document.activeElement;
  const typing = field && field.matches("input, textarea, select");
  const typed = [...document.querySelectorAll("main input, main textarea")].some((f) => f.value !== f.defaultValue);
  return typing || typed;
};
const refresh = async () => {
  const answer = await fetch(location.href);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const open = new Set([...document.querySelectorAll("details[open][id]")].map((d) => d.id));
  page.querySelectorAll("details[id]").forEach((d) => (d.open = open.has(d.id)));
  if (!busy()) main().replaceWith(page.querySelector("main"));
};
const watch = async () => {
  for (;;) {
    try {
      const known = main().dataset.changes;
      const answer = await fetch("/news?after=" + known);
      if (answer.ok && (await answer.text()) !== known && !busy()) await refresh();
      else if (busy()) await new Promise((done) => setTimeout(done, 1000));
    } catch {
      await new Promise((done) => setTimeout(done, 1000));
    }
  }
};
watch();
