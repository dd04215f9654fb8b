// Fills an empty demo with a made-up organisation: three groups, eight people, four roles, a dozen accounts. Every
// account is logged in for real, through the pages that people use: the script submits forms and reads the test phones.
//
//   node scripts/demo-organisation.mjs TELESCOPE PHONES
//
// It does nothing if there are accounts already.

const [telescope, phones] = process.argv.slice(2);
const ADMIN = "admin@example.org";

// Unfinished logins: "code" needs its code, "password" its password; the session of "revoked" was ended by Telegram.
const accounts = [
  ["9996611001", "ada@example.org", "Sales", "Fairs and first contacts"],
  ["9996611002", "ada@example.org", "Sales", "Partners in the north"],
  ["9996611003", "ben@example.org", "Sales", "Partners in the south"],
  ["9996611004", "ben@example.org", "Sales", "Renewals", { password: "correct horse" }],
  ["9996611005", "clara@example.org", "Sales", "New number, the code is on its way", { left: "code" }],
  ["9996622001", "dan@example.org", "Support", "First line, mornings"],
  ["9996622002", "dan@example.org", "Support", "First line, evenings"],
  ["9996622003", "eva@example.org", "Support", "Second line"],
  ["9996622004", "eva@example.org", "Support", "Two-step password needed", { password: "ask Eva", left: "password" }],
  ["9996622005", "finn@example.org", "Support", "Telegram ended this session", { left: "revoked" }],
  ["9996633001", "clara@example.org", "Founders", "Founder"],
  ["9996633002", "finn@example.org", "Support", "Status messages"],
];

// Those whose Telegram users have a picture.
const pictured = ["9996611001", "9996611003", "9996622001", "9996622003", "9996633001"];

// Where else accounts are signed in. The last one of Ada's first account waits for an answer.
const devices = {
  "9996611001": [
    { device: "Pixel 9", system: "16", version: "11.5.3", api_id: "4", ip: "203.0.113.7", country: "Germany", hours: "900" },
    { device: "ThinkPad X1", system: "11", version: "5.9", api_id: "2040", ip: "203.0.113.7", country: "Germany", hours: "2000" },
    { device: "Galaxy S24", system: "15", version: "11.5.3", api_id: "4", ip: "198.51.100.24", country: "Portugal", unconfirmed: "true" },
  ],
  "9996622003": [
    { device: "iPhone 16", system: "18.4", version: "11.9", api_id: "8", ip: "203.0.113.60", country: "Austria", hours: "4000" },
    { device: "Chrome", system: "Linux", version: "2.2", api_id: "2496", ip: "203.0.113.61", country: "Austria", hours: "30" },
    { device: "Export script", system: "Linux", version: "0.3", api_id: "777123", ip: "192.0.2.200", country: "Netherlands", hours: "70" },
  ],
};

// What each role allows: in groups of accounts, in the system, and who has it.
const roles = [
  ["Sales desk", { Sales: ["view", "login"] }, [], "ada@example.org, ben@example.org"],
  ["Support desk", { Support: ["view", "login", "manage_connection_state", "manage_sessions"] }, [], "dan@example.org, eva@example.org"],
  [
    "Account care",
    {
      Sales: ["view", "edit_two_factor_password", "view_two_factor_password", "remove_account"],
      Support: ["view", "edit_two_factor_password", "view_two_factor_password", "remove_account"],
      Founders: ["view", "login"],
    },
    ["add_account"],
    "gina@example.org",
  ],
  ["Second pair of eyes", {}, ["approve_reveal", "read_audit"], "hugo@example.org"],
];

let cookie = "";
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

async function get(path) {
  const answer = await fetch(telescope + path, { headers: { cookie }, redirect: "manual" });
  return answer.text();
}

async function post(path, fields) {
  const answer = await fetch(telescope + path, {
    method: "POST",
    headers: { cookie },
    body: new URLSearchParams(fields),
    redirect: "manual",
  });
  const set = answer.headers.get("set-cookie");
  if (set) cookie = set.split(";")[0];
  if (answer.status !== 303) throw new Error(`${path} answered ${answer.status}`);
  return answer.headers.get("location");
}

async function onPhone(path, fields) {
  const answer = await fetch(phones + path, {
    method: "POST",
    headers: { origin: phones },
    body: new URLSearchParams(fields),
    redirect: "manual",
  });
  if (answer.status !== 303) throw new Error(`the phones' ${path} answered ${answer.status}`);
}

async function until(what, look) {
  for (let tries = 0; tries < 300; tries++) {
    const seen = await look();
    if (seen) return seen;
    await sleep(100);
  }
  throw new Error(`${what}: not within 30 seconds`);
}

const rows = async () => {
  const found = [];
  for (const [tag] of (await get("/accounts")).matchAll(/<tr id="account-[^>]*>/g)) {
    const value = (name) => tag.match(new RegExp(`${name}="([^"]*)"`))?.[1] ?? "";
    found.push({ id: value("id").slice("account-".length), phone: value("data-phone"), stage: value("data-stage") });
  }
  return found;
};

const reaches = (phone, stage) =>
  until(`${phone} reaches ${stage}`, async () => (await rows()).find((row) => row.phone === phone && row.stage === stage));

const token = async (id) => (await get(`/accounts/${id}/provide`)).match(/name="token" value="(\d+)"/)?.[1];

async function codeOn(phone) {
  return until(`a code comes to ${phone}`, async () => {
    const state = await (await fetch(`${phones}/state.json`)).json();
    const messages = state.phones.find((one) => one.number === phone)?.messages ?? [];
    return messages.find((message) => message.code)?.code;
  });
}

// Puts an account into groups with its form, which creates one new group at a time.
async function setGroups(id, groups) {
  for (const name of groups.split(",").map((one) => one.trim()).filter(Boolean)) {
    const form = await get(`/accounts/${id}/edit`);
    const version = form.match(/name="version" value="([^"]*)"/)[1];
    const ticks = Array.from(form.matchAll(/name="group" value="([^"]+)"( checked)?> <bdi>([^<]*)/g));
    const known = ticks.find(([, , , label]) => label === name);
    const ticked = ticks.filter(([, , checked, label]) => checked || label === name).map(([, group]) => ["group", group]);
    await post(`/accounts/${id}/edit`, [["version", version], ["group", ""], ...ticked, ["new_group", known ? "" : name]]);
  }
}

async function signIn([phone, owner, groups, comment, { password, left } = {}]) {
  await post("/accounts/add", { phone, owner, comment });
  const { id } = await reaches(phone, "signed-out");
  await setGroups(id, groups);
  await post(`/accounts/${id}/login-action`, { token: await token(id), action: 'send-code' });
  await reaches(phone, "wait-code");
  if (left === "code") return;
  if (pictured.includes(phone)) await onPhone(`/phones/${phone}/picture`, { generate: "true" });
  if (password) await onPhone(`/phones/${phone}/password`, { password, hint: "made up for the demo" });
  await post(`/accounts/${id}/provide`, { token: await token(id), code: await codeOn(phone) });
  if (password) {
    await reaches(phone, "wait-password");
    if (left === "password") return;
    await post(`/accounts/${id}/provide`, { token: await token(id), password });
  }
  await reaches(phone, "ready");
  // Telegram lets a session end others only when it is a day old.
  if (devices[phone]) await onPhone(`/phones/${phone}/age`, { hours: "30" });
  for (const device of devices[phone] ?? []) await onPhone(`/phones/${phone}/sign-in`, device);
  if (devices[phone]) await post(`/accounts/${id}/devices/refresh`, {});
  if (left === "revoked") {
    await onPhone(`/phones/${phone}/revoke`, {});
    await reaches(phone, "ended");
  }
}

// Sets up the roles, and requires an approval for the founders' secrets.
async function setUpAccess() {
  const page = await get("/groups");
  const groups = new Map(Array.from(page.matchAll(/href="\/groups\/([0-9a-f-]{36})"[^>]*>(?:<bdi>)?(\w+)/g), (m) => [m[2], m[1]]));
  for (const [name, cells, system, people] of roles) {
    const role = (await post("/roles", { name })).match(/[0-9a-f-]{36}/)[0];
    for (const [group, privileges] of Object.entries(cells)) {
      const fields = privileges.map((privilege) => ["privilege", privilege]);
      await post(`/access/${groups.get(group)}/${role}`, [...fields, ["step", "save"]]);
    }
    await post(`/roles/${role}/system`, [...system.map((privilege) => ["privilege", privilege]), ["step", "save"]]);
    await post(`/roles/${role}/give`, { people, step: "save" });
  }
  await post(`/groups/${groups.get("Founders")}/approval`, { needed: "true" });
}

try {
  await until("Telescope responds", () => fetch(`${telescope}/ready`).then((answer) => answer.ok, () => false));
  await post("/sign-in", { email: ADMIN });
  if ((await rows()).length === 0) {
    for (const account of accounts) await signIn(account);
    await setUpAccess();
    console.log(`demo: ${accounts.length} accounts of a made-up organisation are logged in`);
  }
} catch (error) {
  console.error(`demo: the made-up organisation is not complete: ${error.message}`);
  process.exitCode = 1;
}
