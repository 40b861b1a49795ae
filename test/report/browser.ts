import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";

/** Debian's name and those of others. */
const names = ["chromium", "chromium-browser", "google-chrome"];

/** The path of a Chromium; undefined where none is on the PATH. */
export function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What keeps it from talking to anybody by itself, and lets it start as root and without a graphics card. */
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Headless, with a temporary profile. */
export async function openBrowser(executablePath: string): Promise<Browser> {
  const { chromium } = await import("playwright-core");
  return chromium.launch({ executablePath, args: flags, timeout: 60_000 });
}

/** A page in a file, as people get it, and what it asked for while it opened. */
export interface OpenPage {
  readonly page: Page;
  /** Its own address. */
  readonly url: string;
  readonly requests: readonly string[];
  /** What the browser complains of. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

export async function openPage(
  browser: Browser,
  text: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const folder = mkdtempSync(join(tmpdir(), "mesh-report-"));
  const file = join(folder, "report.html");
  writeFileSync(file, text);
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", ({ message }) => complaints.push(message));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog ${dialog.message()}`);
    return dialog.dismiss();
  });
  const url = pathToFileURL(file).href;
  await page.goto(url);
  const close = async () => {
    await context.close();
    rmSync(folder, { recursive: true });
  };
  return { page, url, requests, complaints, close };
}
