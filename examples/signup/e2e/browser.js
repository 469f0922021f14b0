// A headless Chromium that does what a test says: each line of standard input is a JSON array with an action and its arguments,
// each line of standard output is the result.
import readline from "node:readline";
import puppeteer from "puppeteer-core";

const browser = await puppeteer.launch({ executablePath: process.argv[2], args: ["--no-sandbox", "--disable-gpu"] });
const page = await browser.newPage();
page.setDefaultTimeout(60_000);

const actions = {
  open: async (url) => {
    await page.goto(url);
  },
  fill: async (selector, text) => {
    await page.$eval(selector, (field) => {
      field.value = "";
    });
    await page.type(selector, text);
  },
  // The first button or link with this text.
  press: async (text) => {
    const path = ["button", "a"].map((tag) => `//${tag}[normalize-space()=${JSON.stringify(text)}]`).join(" | ");
    const found = await page.waitForSelector(`::-p-xpath(${path})`);
    await Promise.all([page.waitForNavigation(), found.click()]);
  },
  press_first: async (selector) => {
    await Promise.all([page.waitForNavigation(), page.click(selector)]);
  },
  unfold: async (text) => {
    const found = await page.waitForSelector(`::-p-xpath(//summary[normalize-space()=${JSON.stringify(text)}])`);
    await found.click();
  },
  // What the person reads.
  text: () => page.$eval("body", (body) => body.innerText),
  session: async () => (await page.cookies()).find((cookie) => cookie.name === "id")?.value ?? null,
  become: async (session) => {
    await page.setCookie({ name: "id", value: session });
  },
};

process.stdout.write("ready\n");
for await (const line of readline.createInterface({ input: process.stdin })) {
  const [action, ...given] = JSON.parse(line);
  let result;
  try {
    result = { done: (await actions[action](...given)) ?? null };
  } catch (error) {
    const seen = await actions.text().catch(() => "");
    result = { error: `${line}: ${error}\n${page.url()}\n${seen}` };
  }
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
await browser.close();
