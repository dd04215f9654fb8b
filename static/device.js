// The QR code of a device that is to be logged in: a picture can be dropped, pasted or taken with the camera, is made
// smaller before it is sent, and its age is shown. Without it the fields do the same.
(() => {
  const LONGEST = 1600;
  const SMALL = 1_000_000;
  const LIFE = 30;
  const within = (place) => place?.closest?.("[data-qr]");
  const visible = () => [...document.querySelectorAll("[data-qr]")].filter((place) => place.checkVisibility());

  // Sent over a slow network, a photo would take longer than its code lives.
  const smaller = async (file) => {
    try {
      const bitmap = await createImageBitmap(file);
      const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
      if (scale === 1 && file.size < SMALL) return file;
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
      canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      const blob = await new Promise((made) => canvas.toBlob(made, "image/jpeg", .92));
      return blob ? new File([blob], "code.jpg", { type: "image/jpeg", lastModified: file.lastModified }) : file;
    } catch {
      // Telescope says what is wrong with it.
      return file;
    }
  };

  // How long the code in the picture can still be valid: it is at least as old as the file.
  const ages = new WeakMap();
  const tell = (place) => {
    const [note, made] = [place.querySelector("[data-qr-age]"), ages.get(place)];
    note.hidden = made === undefined;
    if (note.hidden) return;
    const left = Math.ceil(LIFE - (Date.now() - made) / 1000);
    note.classList.toggle("moving", left > 0);
    note.classList.toggle("waiting", left <= 0);
    const text = left > 0
      ? `This code is valid for ${left} more second${left === 1 ? "" : "s"} at most.`
      : "This code is more than half a minute old, so it has probably expired. Use the one that the device shows now.";
    if (note.textContent !== text) note.textContent = text;
  };
  setInterval(() => {
    visible().forEach(tell);
    for (const place of [...cameras.keys()]) if (!place.isConnected || !place.checkVisibility()) stop(place);
  }, 1000);

  const chosen = new WeakMap();
  const fill = (field, file) => {
    const files = new DataTransfer();
    files.items.add(file);
    field.files = files.files;
  };
  const put = async (place, field, file) => {
    for (const other of place.querySelectorAll("[type=file]")) if (other !== field) other.value = "";
    ages.set(place, file.lastModified || Date.now());
    tell(place);
    chosen.set(place, file);
    // At once, for those who send it at once.
    if (!field.files.length) fill(field, file);
    const small = await smaller(file);
    if (chosen.get(place) === file) fill(field, small);
  };
  document.addEventListener("change", ({ target }) => {
    const place = within(target);
    if (!place || target.type !== "file") return;
    const [file] = target.files;
    if (file) put(place, target, file);
    else { chosen.delete(place); ages.delete(place); tell(place); }
  });
  const picture = (transfer) => [...transfer?.files ?? []].find((file) => file.type.startsWith("image/"));
  const drop = (place, file) => {
    const field = place.querySelector("[name=picture]");
    field.value = "";
    put(place, field, file);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  document.addEventListener("paste", (event) => {
    const place = within(event.target) ?? visible().at(-1);
    const file = picture(event.clipboardData);
    if (!place || !file) return;
    event.preventDefault();
    drop(place, file);
  });
  document.addEventListener("dragover", (event) => {
    const place = within(event.target);
    if (!place || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    place.dataset.over = "";
  });
  document.addEventListener("dragleave", ({ target, relatedTarget }) => {
    const place = within(target);
    if (place && within(relatedTarget) !== place) delete place.dataset.over;
  });
  document.addEventListener("drop", (event) => {
    const place = within(event.target);
    if (!place) return;
    delete place.dataset.over;
    event.preventDefault();
    const file = picture(event.dataTransfer);
    if (file) drop(place, file);
  });

  // The camera of the computer or phone. Where the browser reads QR codes itself, the link is found without a picture.
  const cameras = new Map();
  const stop = (place) => {
    cameras.get(place)?.getTracks().forEach((track) => track.stop());
    cameras.delete(place);
    place.querySelector("[data-qr-view]").hidden = true;
    place.querySelector("[data-qr-camera]").hidden = false;
  };
  const start = async (place) => {
    if (cameras.has(place)) return;
    // None yet, so that a second press starts no second one.
    cameras.set(place, null);
    const [trouble, video] = [place.querySelector("[data-qr-trouble]"), place.querySelector("video")];
    trouble.hidden = true;
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1920 } } });
    } catch {
      stop(place);
      trouble.hidden = false;
      return;
    }
    // Meanwhile the form may have been closed.
    const isWanted = cameras.has(place) && place.isConnected;
    cameras.set(place, stream);
    if (!isWanted) {
      stop(place);
      return;
    }
    place.querySelector("[data-qr-view]").hidden = false;
    place.querySelector("[data-qr-camera]").hidden = true;
    video.srcObject = stream;
    await video.play().catch(() => stop(place));
    watch(place, video);
  };
  const LINK = "tg://login?token=";
  const watch = async (place, video) => {
    const reads = "BarcodeDetector" in window && (await BarcodeDetector.getSupportedFormats()).includes("qr_code");
    const detector = reads ? new BarcodeDetector({ formats: ["qr_code"] }) : null;
    while (detector && cameras.has(place)) {
      const codes = await detector.detect(video).catch(() => []);
      const links = new Set(codes.map((code) => code.rawValue).filter((text) => text.startsWith(LINK)));
      if (links.size === 1) return found(place, [...links][0]);
      await new Promise((later) => setTimeout(later, 200));
    }
    return undefined;
  };
  const found = (place, link) => {
    const field = place.querySelector("[name=link]");
    for (const file of place.querySelectorAll("[type=file]")) file.value = "";
    chosen.delete(place);
    field.value = link;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    ages.set(place, Date.now());
    tell(place);
    stop(place);
    place.form?.querySelector("button:not([type])")?.focus();
  };
  const take = async (place) => {
    const video = place.querySelector("video");
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d").drawImage(video, 0, 0);
    const blob = await new Promise((made) => canvas.toBlob(made, "image/jpeg", .92));
    if (blob) drop(place, new File([blob], "camera.jpg", { type: "image/jpeg" }));
    stop(place);
  };
  document.addEventListener("click", ({ target }) => {
    const [place, button] = [within(target), target.closest?.("[data-qr-camera], [data-qr-take], [data-qr-stop]")];
    if (!place || !button) return;
    if (button.matches("[data-qr-camera]")) start(place);
    else if (button.matches("[data-qr-take]")) take(place);
    else stop(place);
  });
  const hasCamera = (async () => {
    const devices = await navigator.mediaDevices?.enumerateDevices?.().catch(() => []) ?? [];
    return devices.some((device) => device.kind === "videoinput");
  })();

  const offer = async () => {
    for (const hint of document.querySelectorAll("[data-qr-hint][hidden]")) hint.hidden = false;
    if (!document.querySelector("[data-qr-scan][hidden]") || !await hasCamera) return;
    for (const scan of document.querySelectorAll("[data-qr-scan][hidden]")) scan.hidden = false;
  };
  document.addEventListener("htmx:after:swap", offer);
  offer();
})();
