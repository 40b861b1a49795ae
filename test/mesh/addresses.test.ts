import { join } from "node:path";
import fc from "fast-check";
import { formatAddresses, parseAddresses, readAddresses } from "../../mesh/addresses";
import { parseMesh } from "../../mesh/load";

const clusters = `clusters:
  - {name: main0, role: primary, network: network1, context: c0}
  - {name: remote0, network: network2, context: c1}
`;
const current = parseMesh(clusters, "mesh.yaml");
const old = parseMesh(`istio: { line: "1.7" }\n${clusters}`, "mesh.yaml");

describe("parseAddresses", () => {
  test("accepts IPv4 addresses on every line, and host names on current lines", () => {
    expect(parseAddresses("main0: 203.0.113.7\n", "a", old)).toEqual({ main0: "203.0.113.7" });
    expect(parseAddresses("main0: gw.example.com\n", "a", current)).toEqual({ main0: "gw.example.com" });
    expect(parseAddresses("# none yet\n", "a", current)).toEqual({});
  });

  test.each([
    [
      "a host name on 1.7",
      "main0: gw.example.com",
      old,
      /1:8: main0: invalid value "gw\.example\.com": expected, for Istio 1\.7, an ipv4 that other clusters reach,/,
    ],
    ["an address beyond 255", "main0: 203.0.113.256", current, /invalid value "203\.0\.113\.256"/],
    ["a number with a zero before it", "main0: 203.0.113.07", current, /invalid value "203\.0\.113\.07"/],
    ["no address", "main0: 0.0.0.0", current, /invalid value "0\.0\.0\.0".* that other clusters reach/],
    ["this machine's own", "main0: 127.0.0.1", old, /invalid value "127\.0\.0\.1"/],
    ["one of its link alone", "main0: 169.254.1.2", current, /invalid value "169\.254\.1\.2"/],
    ["a multicast address", "main0: 224.0.0.1", current, /invalid value "224\.0\.0\.1"/],
    ["the broadcast address", "main0: 255.255.255.255", current, /invalid value "255\.255\.255\.255"/],
    ["three numbers", "main0: 203.0.113", current, /invalid value "203\.0\.113"/],
    ["IPv6", "main0: '2001:db8::1'", current, /invalid value "2001:db8::1"/],
    ["a bare word", "main0: gateway", current, /invalid value "gateway"/],
    ["a command", "main0: $(reboot)", current, /invalid value "\$\(reboot\)": expected, for Istio \S+, an/],
    ["nothing", "main0:", current, /main0: invalid value null/],
    ["a list", "- 203.0.113.7", current, /: expected a mapping of cluster names to addresses/],
    [
      "a mistyped cluster",
      "mian0: 203.0.113.7",
      current,
      /unknown cluster "mian0"\n {2}fix: did you mean "main0"\?/,
    ],
    [
      "a cluster given twice",
      "main0: 203.0.113.7\nmain0: 203.0.113.8",
      current,
      /2:1: main0: duplicate field/,
    ],
    ["broken YAML", "main0: [", current, /invalid YAML/],
  ])("refuses %s", (_, text, mesh, says) => {
    expect(() => parseAddresses(text, "mesh.addresses.yaml", mesh)).toThrow(says);
  });

  test.each([
    ["the last of a row", "main0: 203.0.113.7\nremote0: 203.0.113.8\nremote1: 203.0.113.9\n"],
    ["one among clusters that have no address yet", "main0: 203.0.113.7\nremote12: 203.0.113.9\n"],
    ["one with a name of another kind, and no good address", "main0: 203.0.113.7\neu-west: [x]\n"],
  ])("drops the address of a cluster that is no longer in the mesh: %s", (_, text) => {
    const addresses = parseAddresses(text, "a", current);
    expect(Object.keys(addresses)).not.toContainEqual(expect.stringMatching(/remote1|eu-west/));
    expect(addresses.main0).toBe("203.0.113.7");
    expect(formatAddresses(addresses)).not.toMatch(/remote1|eu-west/);
  });

  test.each(["constructor", "to-string", "0777", "0x1f", "1e3", "null", "true", "yes", "12"])(
    "knows a cluster called %s by its address alone",
    (name) => {
      const mesh = parseMesh(clusters.replace("remote0", `"${name}"`), "mesh.yaml");
      expect(parseAddresses("main0: 203.0.113.7\n", "a", mesh)[name]).toBeUndefined();
      expect(readAddresses(join(__dirname, "nowhere.yaml"), mesh)[name]).toBeUndefined();
      const addresses = { [name]: "203.0.113.8" };
      expect(parseAddresses(formatAddresses(addresses), "a", mesh)).toEqual(addresses);
    },
  );

  const reachable = fc.ipV4().filter((address) => !/^(0|127|169\.254|2[2-5]\d)\./.test(address));

  test("reads back every address that it writes", () => {
    fc.assert(
      fc.property(reachable, reachable, (one, other) => {
        const addresses = { main0: one, remote0: other };
        expect(parseAddresses(formatAddresses(addresses), "a", old)).toEqual(addresses);
      }),
    );
  });
});

describe("readAddresses", () => {
  test("returns no addresses without a file", () => {
    expect(readAddresses(join(__dirname, "nowhere.yaml"), current)).toEqual({});
  });

  test("reports a file that cannot be read", () => {
    expect(() => readAddresses(__dirname, current)).toThrow(/: is not a file\n {2}fix: correct or delete it/);
  });
});
