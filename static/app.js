// Everything that htmx does not do: the dialog, toasts, the state of the live connection. All links and forms work without it.
(() => {
  const byId = (id) => document.getElementById(id);
  const dialog = byId("dialog");
  const dialogBody = byId("dialog-body");
  const toasts = byId("toasts");
  const liveState = byId("live-state");

  // Success toasts disappear after a while; errors stay until they are dismissed.
  const settle = () => {
    for (const toast of toasts.querySelectorAll(".toast.good:not([data-leaving])")) {
      toast.dataset.leaving = "";
      setTimeout(() => dismiss(toast), 7000);
    }
    // Hide and show it again, so that it is above a dialog that was opened later.
    if (toasts.matches(":popover-open")) toasts.hidePopover();
    if (toasts.childElementCount) toasts.showPopover();
  };
  const dismiss = (toast) => {
    toast.remove();
    if (!toasts.childElementCount && toasts.matches(":popover-open")) toasts.hidePopover();
  };
  const say = (text) => {
    const toast = document.createElement("p");
    toast.className = "toast bad";
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.dismiss = "";
    button.innerHTML = '<span aria-hidden="true">×</span><span class="visually-hidden">Dismiss</span>';
    toast.append(text, button);
    toasts.append(toast);
    settle();
  };

  // htmx copies the style attribute of what it replaces, which the policy forbids: a field that was dragged to another
  // size has one, and browser extensions add some.
  document.addEventListener("htmx:before:swap", () => {
    for (const part of document.querySelectorAll("[id][style]")) part.removeAttribute("style");
  });

  // The answer to a form and the live updates come by different connections. If an update of the same part came since
  // the form was sent, the answer may be older: the update is shown in its place, and its error as a notice.
  const awaited = new Map();
  document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
    if (!isLive(ctx.sourceElement)) awaited.set(ctx.target?.id, null);
  });
  document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => awaited.delete(ctx.target?.id));
  document.addEventListener("htmx:before:swap", ({ detail: { ctx, tasks } }) => {
    for (const task of tasks) {
      const id = typeof task.target === "string" ? task.target.replace("#", "") : task.target?.id;
      const update = awaited.get(id);
      if (isLive(ctx.sourceElement)) {
        if (awaited.has(id)) awaited.set(id, task.fragment.cloneNode(true));
      } else if (update) {
        const error = ctx.response?.status >= 400 && task.fragment.querySelector(".error, [role=alert]");
        if (error) say(error.textContent);
        task.fragment = update;
      }
    }
  });

  document.addEventListener("htmx:after:swap", (event) => {
    const { sourceElement, target, response } = event.detail.ctx ?? {};
    // A live update changes a dialog that is open, and opens none.
    const isAnswer = !isLive(sourceElement);
    if (isAnswer && response?.status < 400) settled();
    if (isAnswer && target === dialogBody && dialogBody.childElementCount) {
      if (!dialog.open) {
        opener = focused;
        dialog.showModal();
      }
      // When a form replaces another, the focus goes to its first field.
      if (!dialogBody.contains(document.activeElement)) {
        const field = dialogBody.querySelector("input:not([type=hidden]), textarea");
        (field ?? dialogBody.querySelector("button, a[href]"))?.focus();
      }
    }
    if (toasts.querySelector(".toast:not([data-seen])")) {
      for (const toast of toasts.children) toast.dataset.seen = "";
      settle();
    }
  });
  document.addEventListener("close-dialog", () => dialog.close());
  // Emptied through htmx, so that it closes a live connection inside the dialog.
  dialog.addEventListener("close", () => {
    settled();
    setTimeout(() => refocus(opener));
    htmx.swap({ sourceElement: dialogBody, target: dialogBody, text: "", swap: "innerHTML swapEmpty:true" });
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-dismiss], [data-copy], [data-copy-value], [data-close], [data-keep], [data-discard]");
    if (button?.dataset.copy) copy(byId(button.dataset.copy), button);
    else if (button?.dataset.copyValue) copyValue(button);
    else if (button?.matches("[data-close]")) requestClose();
    else if (button?.matches("[data-keep]")) keepEditing();
    else if (button?.matches("[data-discard]")) dialog.close();
    else if (button) dismiss(button.closest(".toast"));
  });

  // What was entered in a dialog is not lost without a question. While there is something, the Escape key is ours: a
  // browser may close a dialog at the second press whatever the page says.
  const unsaved = byId("unsaved");
  let entered = null;
  const settled = () => {
    entered = null;
    unsaved.hidden = true;
    dialog.setAttribute("closedby", "closerequest");
  };
  dialogBody.addEventListener("input", (event) => {
    entered = event.target;
    dialog.setAttribute("closedby", "none");
  });
  const isUnsaved = () => entered && dialogBody.querySelector("input:not([type=hidden]), textarea");
  const requestClose = () => {
    if (!isUnsaved()) return dialog.close();
    unsaved.hidden = false;
    unsaved.scrollIntoView({ block: "nearest" });
    unsaved.querySelector("[data-keep]").focus();
  };
  const keepEditing = () => {
    unsaved.hidden = true;
    (entered?.isConnected ? entered : dialogBody.querySelector("input:not([type=hidden]), textarea"))?.focus();
  };
  dialog.addEventListener("keydown", (event) => {
    // While nothing is entered the browser closes it.
    if (event.key !== "Escape" || !entered || event.isComposing) return;
    event.preventDefault();
    if (unsaved.hidden) requestClose();
    else keepEditing();
  });
  dialog.addEventListener("cancel", (event) => {
    if (event.target !== dialog || !isUnsaved()) return;
    event.preventDefault();
    requestClose();
  });

  // The focus stays where it was when a button disables itself or a part of the page is replaced.
  let focused = null;
  let opener = null;
  const restored = "a[href], button, input, select, textarea, summary, [tabindex]";
  document.addEventListener("focusin", ({ target }) => {
    const places = [];
    for (let place = target.parentElement; place; place = place.parentElement) if (place.id) places.push(place.id);
    focused = { target, id: target.id, action: target.form?.getAttribute("action"), places };
  });
  document.addEventListener("pointerdown", ({ target }) => {
    if (!target.closest(`${restored}, label`)) focused = null;
  });
  const refocus = (last) => {
    if (!last || (document.activeElement && document.activeElement !== document.body)) return;
    const usable = (element) => element?.isConnected && !element.disabled && element.checkVisibility()
      && (!dialog.open || dialog.contains(element));
    const form = last.action && Array.from(document.forms).find((form) => form.getAttribute("action") === last.action);
    const same = [last.target, last.id && byId(last.id), form && form.querySelector("button:not([disabled])")].find(usable);
    if (same) return same.focus({ preventScroll: true });
    // Its button is gone or rests: then the place where it was.
    const place = last.places.map(byId).find(usable);
    if (!place) return;
    place.tabIndex = -1;
    place.focus({ preventScroll: true });
    // The button may come back there.
    focused = last;
  };
  for (const event of ["htmx:after:swap", "htmx:after:settle", "htmx:finally:request"]) {
    document.addEventListener(event, () => setTimeout(() => refocus(focused)));
  }

  // A secret can be copied, and is hidden after its time.
  const copy = async (secret, button) => {
    try {
      await navigator.clipboard.writeText(secret.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(secret);
      button.textContent = "Press Ctrl+C";
    }
  };
  // What stands on the page anyway, such as a number.
  const copyValue = async (button) => {
    const before = button.innerHTML;
    try {
      await navigator.clipboard.writeText(button.dataset.copyValue);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(button.previousElementSibling ?? button.parentElement);
      button.textContent = "Press Ctrl+C";
    }
    setTimeout(() => { button.innerHTML = before; }, 2000);
  };
  const guard = () => {
    for (const button of document.querySelectorAll(":is([data-copy], [data-copy-value])[hidden]")) button.hidden = false;
    for (const part of document.querySelectorAll("[data-hide-after]:not([data-hiding])")) {
      part.dataset.hiding = "";
      setTimeout(() => {
        part.textContent = "Hidden.";
      }, Number(part.dataset.hideAfter) * 1000);
    }
  };
  document.addEventListener("htmx:after:swap", guard);
  guard();

  // Countdowns next to times.
  const count = () => {
    for (const place of document.querySelectorAll("[data-countdown]")) {
      const left = Math.ceil((Number(place.dataset.countdown) - Date.now()) / 1000);
      const [hours, minutes, seconds] = [left / 3600, (left / 60) % 60, left % 60].map(Math.floor);
      const two = (number) => String(number).padStart(2, "0");
      const clock = hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
      place.textContent = left > 0 ? `${clock} left` : "";
    }
  };
  document.addEventListener("htmx:after:swap", count);
  setInterval(count, 1000);
  count();

  // A request without any response, or with an error response from a proxy.
  document.addEventListener("htmx:error", (event) => {
    if (event.detail.ctx?.sourceElement?.id !== "live") say("Can't reach Telescope. Try again.");
  });
  document.addEventListener("htmx:response:error", (event) => {
    const { sourceElement, response } = event.detail.ctx;
    if (sourceElement?.id !== "live" && response.status >= 500 && !response.headers.has("x-request-id")) {
      say("A proxy between you and Telescope failed. Try again.");
    }
  });

  // Over HTTP/1.1 a browser has six connections to a server for all its windows, and a live page keeps one. So only so
  // many windows are live at once, and each click still finds a connection; the others wait for one that closes or is
  // hidden.
  const LIVE_WINDOWS = 4;
  const protocol = performance.getEntriesByType("navigation")[0]?.nextHopProtocol ?? "";
  const isLimited = "locks" in navigator && !/^h[23]/.test(protocol);
  let place = null;
  const takePlace = () => {
    if (place) return place.taken;
    if (document.hidden) {
      return new Promise((shown) => document.addEventListener("visibilitychange", shown, { once: true })).then(takePlace);
    }
    const own = { has: false, left: false };
    const others = new AbortController();
    let end;
    const kept = new Promise((left) => { end = left; });
    own.taken = new Promise((taken) => {
      own.leave = () => { own.left = true; others.abort(); end(); taken(); };
      for (let number = 1; number <= LIVE_WINDOWS; number++) {
        navigator.locks.request(`live-${number}`, { signal: others.signal }, () => {
          if (own.has || own.left) return undefined;
          own.has = true;
          others.abort();
          taken();
          return kept;
        }).catch(() => {});
      }
    });
    place = own;
    return own.taken;
  };
  const isLive = (element) => element?.hasAttribute("hx-sse:connect");
  if (isLimited) {
    document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
      if (!isLive(ctx.sourceElement)) return;
      const { fetch } = ctx;
      ctx.fetch = async (...request) => {
        const late = setTimeout(() => tooMany(), 1000);
        do await takePlace(); while (!place?.has);
        clearTimeout(late);
        return fetch(...request);
      };
    });
    document.addEventListener("visibilitychange", async () => {
      if (document.hidden) {
        place?.leave();
        place = null;
      } else if (liveState) {
        await takePlace();
        // What a live connection is tried at once for.
        dispatchEvent(new Event("online"));
      }
    });
    // After a break it is tried again without a request of htmx.
    document.addEventListener("htmx:sse:before:connection", (event) => {
      if (event.detail.connection.attempt > 0 && !place?.has) event.preventDefault();
    });
  }
  const tooMany = () => {
    if (liveState) liveState.textContent = "Too many open tabs. This one won't update until you close another.";
  };

  // The state of the live connection.
  if (liveState) {
    // A page that is left loses its connection as well; that is not worth a word.
    let left = false;
    let pending;
    addEventListener("pagehide", () => { left = true; clearTimeout(pending); });
    addEventListener("pageshow", () => { left = false; });
    const connected = () => {
      clearTimeout(pending);
      pending = undefined;
      liveState.textContent = "";
    };
    // htmx retries every 10 to 15 seconds.
    const paused = (status) => {
      if (left || pending) return;
      const show = () => {
        if (status === 429) tooMany();
        else liveState.textContent = "Live updates paused, reconnecting…";
      };
      if (liveState.textContent) show();
      // Browsers end the connections of a page before they say that it is left.
      else pending = setTimeout(() => { pending = undefined; show(); }, 1000);
    };
    document.addEventListener("htmx:sse:after:connection", connected);
    document.addEventListener("htmx:sse:error", (event) => paused(event.detail.status));
    document.addEventListener("htmx:error", (event) => {
      if (event.detail.ctx?.sourceElement?.id === "live") paused();
    });
    document.addEventListener("htmx:response:error", (event) => {
      const { sourceElement, response } = event.detail.ctx;
      if (sourceElement?.id === "live" || response.status === 429) paused(response.status);
    });
  }
  // What the page shows may be more than its reader may see now.
  document.addEventListener("permissions-lost", () => location.reload());
  // What arrives while a person looks elsewhere is in the title and, if they turned that on, in a notification of the
  // browser. Then pages go on being live in the background, too.
  const NOTICES = "telescope-notices";
  const wanted = () => {
    try {
      return localStorage.getItem(NOTICES) === "on" && Notification.permission === "granted";
    } catch {
      return false;
    }
  };
  const follow = () => {
    htmx.config.sse = { ...htmx.config.sse, pauseOnBackground: !wanted() };
  };
  const title = document.title;
  // The number of each place that tells of something; it grows when there is more.
  const numbers = new Map();
  let missed = 0;
  const notice = (event) => {
    for (const id of numbers.keys()) if (!byId(id)) numbers.set(id, 0);
    for (const place of document.querySelectorAll("[data-notice]")) {
      const text = place.dataset.notice;
      const number = Number(place.dataset.noticeKey);
      const before = numbers.get(place.id) ?? 0;
      numbers.set(place.id, number);
      // What is there when the page is opened is no news.
      if (!event || number <= before || document.hasFocus()) continue;
      missed += 1;
      document.title = `(${missed}) ${title}`;
      if (wanted()) new Notification("Telescope", { body: text, tag: place.id, icon: "/static/icon.svg" });
    }
  };
  const seen = () => {
    missed = 0;
    document.title = title;
  };
  document.addEventListener("htmx:after:swap", notice);
  addEventListener("focus", seen);
  document.addEventListener("visibilitychange", () => document.hidden || seen());
  notice();
  for (const button of document.querySelectorAll("[data-notify]")) {
    const show = () => {
      button.textContent = wanted() ? "Turn off notifications" : "Turn on notifications";
      button.setAttribute("aria-pressed", String(wanted()));
    };
    button.hidden = !("Notification" in window && isSecureContext);
    button.addEventListener("click", async () => {
      const on = !wanted() && (await Notification.requestPermission()) === "granted";
      localStorage.setItem(NOTICES, on ? "on" : "off");
      follow();
      show();
    });
    show();
  }
  follow();
})();
