// A headless Chromium goes through the page that signs in and the account page in every language. Each page is checked with axe and
// photographed, in a light and a dark scheme. Arguments: Chromium, the address of the host, the folder of the pictures, a JSON
// object from language to user.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import puppeteer from "puppeteer-core";

const [chromium, base, pictures, users] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await puppeteer.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu"] });

const fail = (text) => {
  throw new Error(text);
};

let checked = 0;
const go = async (language, user) => {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.setViewport({ width: 400, height: 1100 });
  page.setDefaultTimeout(60_000);
  await page.setExtraHTTPHeaders({ "x-user": user, "accept-language": language });
  const complaints = [];
  // A browser writes each answer of 400 and above to its console as well.
  page.on("console", (message) => {
    if (/content security policy/i.test(message.text())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));

  const check = async (name) => {
    for (const scheme of ["light", "dark"]) {
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      await page.evaluate(axe);
      const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
      for (const { id, impact, nodes } of found.violations) {
        fail(`${language} ${name} ${scheme}: ${id} (${impact}): ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join("\n")}`);
      }
      checked += 1;
      await page.screenshot({ path: `${pictures}/${language}-${name}-${scheme}.png` });
    }
    const look = await page.evaluate(() => ({
      width: getComputedStyle(document.querySelector("main")).maxWidth,
      direction: getComputedStyle(document.body).direction,
      scrolls: document.documentElement.scrollWidth > document.documentElement.clientWidth,
      scripts: document.scripts.length,
      // The parts of a page that a field names as its description are there.
      undescribed: [...document.querySelectorAll("[aria-describedby]")]
        .flatMap((field) => field.getAttribute("aria-describedby").trim().split(/\s+/))
        .filter((id) => !id || !document.getElementById(id)),
    }));
    if (look.width !== "440px") fail(`${name}: the style sheet is not applied`);
    if (look.direction !== (language === "ar" ? "rtl" : "ltr")) fail(`${name}: ${look.direction}`);
    if (look.scrolls || look.scripts || look.undescribed.length) fail(`${name}: ${JSON.stringify(look)}`);
    if (complaints.length) fail(`${name}: ${complaints.join("\n")}`);
  };
  const press = async (action) => {
    const button = await page.$(`form:has([name=do][value=${action}]) button`);
    const details = await page.$(`details:not([open]):has([name=do][value=${action}]) > summary`);
    await details?.click();
    await Promise.all([page.waitForNavigation(), button.click()]);
  };
  const value = (id) => page.$eval(`#${id}`, (field) => field.value);
  const fill = async (id, text) => {
    const summary = await page.$(`details:not([open]):has(#${id}) > summary`);
    await summary?.click();
    await page.$eval(`#${id}`, (field) => {
      field.value = "";
    });
    await page.type(`#${id}`, text);
  };
  const said = (what) => page.$(`[role=${what}]`).then((found) => found ?? fail(`no ${what} at ${page.url()}`));
  // The code or the link of the last message.
  const told = async (what, address) => (await fetch(`${base}/${what}?${encodeURIComponent(address)}`)).text();
  const open = (address) => Promise.all([
    page.waitForNavigation(),
    page.locator(`::-p-xpath(//a[.=${JSON.stringify(address)}])`).click(),
  ]);

  // The page that signs in.
  await page.goto(`${base}/sign-in`);
  await check("sign-in");
  await fill("address", "nobody");
  await press("start");
  await said("alert");
  if ((await value("address")) !== "nobody") fail("what was typed is lost");
  await check("sign-in-not-an-address");
  const newcomer = `newcomer-${language}@example.com`;
  await fill("address", newcomer);
  await press("start");
  await check("sign-in-code");
  await fill("code", "000000");
  await press("confirm");
  await said("alert");
  await check("sign-in-wrong-code");
  await page.goto(base + (await told("link", newcomer)));
  await check("sign-in-link");
  await Promise.all([page.waitForNavigation(), page.click("button")]);
  if (!(await page.$eval("body", (body) => body.innerText)).includes(newcomer)) fail("the link did not sign in");
  await page.goto(`${base}/sign-in/link`);
  await check("link-failed");
  await page.goto(`${base}/problem`);
  await check("problem");

  await page.goto(`${base}/account`);
  await check("list");
  // What somebody else added: the notice of it has a link to undo it, and the page a button.
  await fill("add", `thief-${language}@example.com`);
  await press("add");
  const undo = base + (await told("undo", `own-${language}@example.com`));
  await page.goto(undo);
  await check("undo");
  await page.goto(`${base}/account`);
  await check("changes");
  await press("undo");
  await said("status");
  await check("undone");
  if ((await page.$eval("main", (main) => main.innerText)).includes("thief-")) fail("it was not undone");
  await page.goto(undo);
  await check("undo-used");
  await page.goto(`${base}/account`);
  await fill("add", "nobody");
  await press("add");
  await said("alert");
  if ((await value("add")) !== "nobody") fail("what was typed is lost");
  await check("not-an-address");

  const first = `first-${language}@example.com`;
  await fill("add", first);
  await press("add");
  await check("code");
  await fill("confirm", "000000");
  await press("confirm");
  await said("alert");
  await check("wrong-code");
  await fill("confirm", await told("code", first));
  await press("confirm");
  await said("status");
  await press("primary");
  await said("status");
  await check("primary");
  await fill("label", "<b>عمل work");
  await press("label");
  await said("status");
  if ((await value("label")) !== "<b>عمل work") fail("the name is lost");
  await check("label");
  await page.$eval("#label", (field) => (field.maxLength = 999));
  await fill("label", "x".repeat(41));
  await press("label");
  await said("alert");
  await check("label-too-long");
  await fill("label", "");
  await press("label");

  const second = `second-${language}@example.com`;
  await fill("replace", second);
  await press("replace");
  await check("replacement");
  await fill("confirm", await told("code", second));
  await press("confirm");
  await said("status");
  await page.click("a[href='?']");
  await page.waitForSelector("#add");
  await fill("add", `third-${language}@example.com`);
  await press("add");
  await press("send");
  await said("alert");
  await check("too-soon");
  await press("remove");
  await said("status");
  await check("removed");
  await open(second);
  await press("remove");
  await said("status");

  const fourth = `fourth-${language}@example.com`;
  await page.goto(`${base}/account`);
  await fill("add", fourth);
  await press("add");
  await page.goto(base + (await told("link", fourth)));
  await check("link");
  await Promise.all([page.waitForNavigation(), page.click("button")]);
  await check("link-confirmed");
  await context.close();
};

try {
  for (const [language, user] of Object.entries(JSON.parse(users))) await go(language, user);
  console.log(`${checked} pages without a violation`);
} finally {
  await browser.close();
}
