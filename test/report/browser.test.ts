import axe, { type AxeResults } from "axe-core";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { parseMesh } from "../../mesh/load";
import { type ReportProps, reportPage } from "../../report/page";
import { findChromium, type OpenPage, openBrowser, openPage } from "./browser";
import { broken, healthy, hostile, propsOf, result, traffic } from "./reports";

// The page as a reader has it: in a real browser.

const chromium = findChromium();
const reason = "chromium is not installed (Debian: apt-get install --no-install-recommends chromium)";
// As with clusters for the end-to-end tests: where the lab is required, a skip is a failure.
if (!chromium && process.env.MESH_LAB === "required") throw new Error(reason);
const [describeInBrowser, title] = chromium
  ? [describe, "in a browser"]
  : [describe.skip, `in a browser (skipped: ${reason})`];

jest.setTimeout(120_000);

// What runs in the page finds these there; the tool's own code has no business with their types.
// biome-ignore lint/suspicious/noExplicitAny: a browser's world
declare const document: any, window: any, NodeFilter: any;

/** Everything as long as it may be. */
function longest(): ReportProps {
  const name = (start: string) => start.padEnd(63, "w");
  const [main, remote] = [name("m"), name("r")];
  const mesh = parseMesh(
    `name: ${name("mesh")}
clusters:
  - { name: ${main}, role: primary, network: ${name("n")}, context: ${"C".repeat(253)} }
  - { name: ${remote}, network: ${name("o")}, context: ${"W".repeat(253)} }
`,
    "mesh.yaml",
  );
  const word = "unbroken".repeat(40);
  return propsOf(mesh, [
    result("reachable.api", {
      title: word,
      cluster: remote,
      status: "fail",
      evidence: [word],
      fix: word,
      commands: [word],
    }),
    traffic(main, 450),
    result("exposure.gateways", { cluster: main, status: "info", evidence: [word] }),
  ]);
}

const reports: Readonly<Record<string, () => ReportProps>> = {
  "a mesh that works": () => healthy(),
  "a mesh that does not": () => broken(),
  // Tables scroll by themselves, clients are folded away.
  "thirty clusters": () => broken(30),
  "names as long as they may be": longest,
};
const phone = { width: 360, height: 740 };
const desk = { width: 1280, height: 900 };

describeInBrowser(title, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser(chromium!);
  });
  afterAll(() => browser.close());

  const open: OpenPage[] = [];
  afterEach(() => Promise.all(open.splice(0).map((one) => one.close())));
  async function show(props: ReportProps, options: BrowserContextOptions): Promise<OpenPage> {
    const opened = await openPage(browser, reportPage(props), options);
    open.push(opened);
    return opened;
  }
  const unfold = ({ page }: OpenPage) =>
    page.evaluate(() => {
      for (const details of document.querySelectorAll("details")) details.open = true;
    });

  describe.each(Object.entries(reports))("%s", (_, props) => {
    test.each(["light", "dark"] as const)("has no source ranges, %s", async (colorScheme) => {
      const opened = await show(props(), { viewport: desk, colorScheme });
      await unfold(opened);
      // Not by a script element: the page's own policy forbids it.
      await opened.page.evaluate(axe.source);
      const { violations, passes } = await opened.page.evaluate(
        (): Promise<AxeResults> => window.axe.run({ resultTypes: ["violations"] }),
      );
      expect(violations.map(({ id, nodes }) => [id, ...nodes.slice(0, 3).map(({ html }) => html)])).toEqual(
        [],
      );
      expect(passes.map(({ id }) => id)).toContain("color-contrast");
    });

    test.each([
      ["a phone", phone],
      ["the least that shows tables", { width: 1025, height: 800 }],
      ["a desk", desk],
    ])("fits on the screen of %s, folded and unfolded", async (_name, viewport) => {
      const opened = await show(props(), { viewport });
      for (const turn of [() => Promise.resolve(), () => unfold(opened)]) {
        await turn();
        expect(await opened.page.evaluate(() => document.scrollingElement.scrollWidth)).toBeLessThanOrEqual(
          viewport.width,
        );
        expect(await opened.page.evaluate(textBesideTheScreen)).toEqual([]);
      }
    });

    test("loads nothing, and the browser reports no error", async () => {
      const { page, url, requests, complaints } = await show(props(), { viewport: desk });
      await page.waitForLoadState("networkidle");
      expect({ requests, complaints }).toEqual({ requests: [url], complaints: [] });
    });
  });

  test.each([
    ["The mesh works", healthy()],
    ["2 of 39 checks failed", broken()],
  ])("'%s' is what a phone shows first", async (sentence, props) => {
    const { page } = await show(props, { viewport: phone });
    const heading = page.getByRole("heading", { level: 1, name: sentence });
    expect(await heading.isVisible()).toBe(true);
    const box = (await heading.boundingBox())!;
    expect(box.y + box.height).toBeLessThan(phone.height / 2);
    expect(await page.title()).toBe(`mesh1: ${sentence}`);
  });

  test("text from a cluster adds no elements to the page", async () => {
    const { page, requests, complaints } = await show(hostile("</script><img src=x onerror=alert(1)>"), {
      viewport: desk,
    });
    expect(await page.locator("img, script, iframe, object, link, [onerror]").count()).toBe(0);
    expect(await page.getByText("</script><img src=x onerror=alert(1)>").first().isVisible()).toBe(true);
    expect(requests).toHaveLength(1);
    expect(complaints).toEqual([]);
  });

  test("injected markup could not run, load or send anything", async () => {
    const smuggled = reportPage(healthy()).replace(
      "<main>",
      `<main><img src="http://192.0.2.1/x" onerror="alert(1)"><script>alert(2)</script>
<form id="out" action="http://192.0.2.1/y"></form>`,
    );
    const opened = await openPage(browser, smuggled, {});
    open.push(opened);
    await opened.page.evaluate(() => document.getElementById("out").submit());
    await opened.page.waitForTimeout(500);
    expect(opened.complaints.filter((text) => text.startsWith("dialog"))).toEqual([]);
    expect(
      opened.complaints.filter((text) => text.includes("Content Security Policy")).length,
    ).toBeGreaterThan(2);
    expect(opened.page.url()).toBe(opened.url);
  });

  test("in print everything is unfolded, and links lead to their sections", async () => {
    const { page } = await show(healthy(), { viewport: desk });
    const evidence = page.locator("details:not([open]) dl").first();
    const height = () => evidence.evaluate((element) => element.getBoundingClientRect().height);
    expect(await evidence.evaluate((element) => element.checkVisibility())).toBe(false);
    await page.emulateMedia({ media: "print" });
    expect(await evidence.evaluate((element) => element.checkVisibility())).toBe(true);
    expect(await height()).toBeGreaterThan(10);
    await page.emulateMedia({ media: "screen" });
    for (const link of await page.getByRole("navigation").getByRole("link").all()) {
      const anchor = (await link.getAttribute("href"))!;
      expect(await page.locator(anchor).count()).toBe(1);
    }
  });
});

/** Text of the page that ends beyond the edge of the screen, outside the boxes that scroll. Runs in the browser. */
function textBesideTheScreen(): string[] {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found: string[] = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || element.closest(".scrollable, caption, thead, [aria-hidden]")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const { right, left } = range.getBoundingClientRect();
    if (right > window.innerWidth + 0.5 || left < -0.5) found.push(node.textContent.trim());
  }
  return found;
}
