// The QR code of a device that is to be logged in: a picture can be dropped or pasted, is made smaller before it is sent,
// and its age is shown. Without it the fields do the same.
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
      ? `The code in this picture is valid for ${left} more second${left === 1 ? "" : "s"} at most.`
      : "This picture is more than half a minute old, so its code has probably expired. Use the one that the device shows now.";
    if (note.textContent !== text) note.textContent = text;
  };
  setInterval(() => visible().forEach(tell), 1000);

  const put = async (place, field, file) => {
    ages.set(place, file.lastModified || Date.now());
    tell(place);
    const files = new DataTransfer();
    files.items.add(await smaller(file));
    // Meanwhile it may have been replaced.
    if (!field.isConnected) return;
    for (const other of place.querySelectorAll("[type=file]")) if (other !== field) other.value = "";
    field.files = files.files;
  };
  document.addEventListener("change", ({ target }) => {
    const place = within(target);
    if (!place || target.type !== "file") return;
    const [file] = target.files;
    if (file) put(place, target, file);
    else { ages.delete(place); tell(place); }
  });
  const picture = (transfer) => [...transfer?.files ?? []].find((file) => file.type.startsWith("image/"));
  const drop = (place, file) => {
    const field = place.querySelector("[name=picture]");
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

  const offer = () => {
    for (const hint of document.querySelectorAll("[data-qr-hint][hidden]")) hint.hidden = false;
  };
  document.addEventListener("htmx:after:swap", offer);
  offer();
})();
