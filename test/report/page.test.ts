import fc from "fast-check";
import { type ReportProps, reportPage, reportStart } from "../../report/page";
import { styleSheet } from "../../report/style-sheet";
import { picture } from "../../synth/picture/picture";
import { tags, words, wordsOf } from "./reader";
import { broken, clusterStatus, healthy, hostile, meshOf, propsOf, result } from "./reports";

const titles = (props: ReportProps) =>
  [...reportPage(props).matchAll(/<h2[^>]*>(.*?)<\/h2>/g)].map(([, title]) => title);

test("failed checks come first, then warnings, then the state of the mesh", () => {
  expect(titles(broken())).toEqual([
    "Failed checks",
    "Warnings and drift",
    "The mesh",
    "Traffic",
    "Clusters",
    "Certificates",
    "All checks",
  ]);
});

test("a mesh that works has no section for failed checks", () => {
  expect(titles(healthy())).toEqual(["The mesh", "Traffic", "Clusters", "Certificates", "All checks"]);
});

test("without a check that counts there is no section for traffic", () => {
  expect(titles(propsOf(meshOf(), [result("reachable.api")]))).not.toContain("Traffic");
});

test("the header has result, time and counts", () => {
  const top = words(/<header.*?<\/header>/s.exec(reportPage(broken()))![0]);
  expect(top).toBe(
    "Mesh report ✕ 2 of 39 checks failed Mesh mesh1 Time 2026-11-24 05:43 UTC Istio 1.31.1 Kubernetes 1.34.1 " +
      "Clusters 1 primary, 2 remotes Checks 39 in 8.2 s ✕ 2 failed ! 1 warning – 2 not judged i 1 info ✓ 33 passed",
  );
});

test("the contents name every section", () => {
  const page = reportPage(broken());
  const anchors = [...page.matchAll(/<a href="#([^"]+)">([^<]+)</g)].map(([, id, title]) => [id, title]);
  const sections = [...page.matchAll(/<section id="([^"]+)"/g)].map(([, id]) => id);
  expect(anchors.map(([id]) => id)).toEqual(sections);
  expect(anchors.map(([, title]) => title)).toEqual(titles(broken()));
});

test("the picture shows the addresses that status found", () => {
  const props = healthy();
  const seen = { main0: "203.0.113.1", remote0: "203.0.113.2" };
  expect(reportPage(props)).toContain(picture(props.mesh, seen));
  const pending = propsOf(props.mesh, props.checks.results, {
    clusters: props.mesh.clusters.map((_, index) => ({ ...clusterStatus(props.mesh, index), gateways: [] })),
  });
  expect(reportPage(pending)).toContain(picture(props.mesh, {}));
});

test("the same results give the same page", () => {
  expect(reportPage(broken())).toBe(reportPage(broken()));
});

test("has the start by which the next run recognizes a report", () => {
  expect(reportPage(healthy()).startsWith(reportStart)).toBe(true);
});

test.each([
  ["works", healthy()],
  ["does not work", broken()],
])("the page of a mesh that %s fetches nothing", (_, props) => {
  const page = reportPage(props).replace("http://www.w3.org/2000/svg", "");
  const markup = tags(page).join("");
  expect(markup).not.toMatch(/<(script|link|img|iframe|object|embed)|\ssrc=|href="(?!#)|\son\w+=/i);
  expect(styleSheet).not.toMatch(/url\(|@import|https?:/);
  expect(markup).toContain(`content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;;`);
});

test("its style sheet leaves the picture alone", () => {
  const own = new Set([...styleSheet.matchAll(/\.([a-z][\w-]*)/g)].map(([, name]) => name));
  const drawn = [...picture(meshOf(3), {}).matchAll(/class="([^"]+)"/g)].flatMap(([, names]) =>
    names!.split(" "),
  );
  expect(drawn.filter((name) => own.has(name))).toEqual([]);
});

test("every class that the page uses has a style rule, except labels", () => {
  const page = [reportPage(healthy()), reportPage(broken(100))].join("").replace(/<svg.*?<\/svg>/gs, "");
  const used = new Set([...page.matchAll(/class="([^"]+)"/g)].flatMap(([, names]) => names!.split(" ")));
  expect([...used].filter((name) => !styleSheet.includes(`.${name}`))).toEqual([]);
});

test("the page has the same elements for any text of clusters and programs", () => {
  const expected = tags(reportPage(hostile("x")));
  const payloads = [
    "</script><img src=x onerror=alert(1)>",
    "</style><b>",
    "--><svg onload=x>",
    `" onclick="x`,
    "&lt;",
  ];
  fc.assert(
    fc.property(
      fc.oneof(fc.constantFrom(...payloads), fc.string({ unit: "binary", minLength: 1, maxLength: 12 })),
      (text) => {
        // Backticks make code of what stands between them.
        const hostileText = text.replaceAll("`", "'");
        // An address that does not fit into the picture becomes a tooltip; the picture has separate tests.
        expect(tags(reportPage(hostile(hostileText)))).toEqual(expected);
      },
    ),
    { numRuns: 200 },
  );
});

test("the page has every check with its evidence, whatever its status", () => {
  const props = broken();
  const all = wordsOf(props, "checks");
  for (const { id, evidence } of props.checks.results) {
    for (const text of [id, ...evidence]) expect(all).toContain(text);
  }
});

test("a page of a hundred clusters fits into an email", () => {
  expect(reportPage(broken(100)).length).toBeLessThan(1_000_000);
});
