// The theme that was chosen in this browser, before anything is drawn. Without a choice, or without scripts, it is the system's.
(() => {
  const apply = () => {
    let theme = null;
    try { theme = localStorage.getItem("theme"); } catch { /* Storage is blocked. */ }
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
  };
  apply();
  // Chosen in another tab.
  addEventListener("storage", apply);
  addEventListener("theme", apply);
})();
