import fc from "fast-check";
import { isReachable, networkOf } from "../../mesh/ipv4";
import { ipv4, ipv4Range } from "../../mesh/names";

test.each([
  ["10.1.2.3/8", "10.0.0.0/8"],
  ["203.0.113.7/32", "203.0.113.7/32"],
  ["203.0.113.7/31", "203.0.113.6/31"],
  ["255.255.255.255/1", "128.0.0.0/1"],
  ["203.0.113.7/0", "0.0.0.0/0"],
])("%s lies in %s", (range, network) => {
  expect(networkOf(range)).toBe(network);
});

test("the network of a network is the same, and an IPv4 range", () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), (address, length) => {
      const network = networkOf(`${address}/${length}`);
      expect(networkOf(network)).toBe(network);
      expect(network).toMatch(ipv4Range.pattern);
      expect(address).toMatch(ipv4.pattern);
    }),
  );
});

test.each(["01.2.3.4", "1.2.3.04", "00.0.0.0", "1.2.3", "1.2.3.4.", "256.1.1.1"])(
  "%s is no address",
  (text) => {
    expect(text).not.toMatch(ipv4.pattern);
    expect(`${text}/8`).not.toMatch(ipv4Range.pattern);
  },
);

test.each([
  ["0.1.2.3", false],
  ["1.0.0.0", true],
  ["126.255.255.255", true],
  ["127.0.0.1", false],
  ["169.253.1.1", true],
  ["169.254.1.1", false],
  ["192.168.0.1", true],
  ["223.255.255.255", true],
  ["224.0.0.1", false],
  ["255.255.255.255", false],
])("%s is reachable from another machine: %s", (address, can) => {
  expect(isReachable(address)).toBe(can);
});
