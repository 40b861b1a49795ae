/** An IPv4 range in CIDR notation without the bits behind its length: 10.0.0.0/8 of 10.1.2.3/8. */
export function networkOf(range: string): string {
  const [address, length] = range.split("/") as [string, string];
  const size = 2 ** (32 - Number(length));
  return `${textOf(Math.floor(numberOf(address) / size) * size)}/${length}`;
}

/** 10.1.0.0/17 of 10.1.0.0/16. */
export function firstHalf(range: string): string {
  const [address, length] = range.split("/") as [string, string];
  return `${address}/${Number(length) + 1}`;
}

export function overlap(one: string, other: string): boolean {
  const [length, otherLength] = [one, other].map((range) => Number(range.split("/")[1])) as [number, number];
  const shorter = Math.min(length, otherLength);
  const [network, otherNetwork] = [one, other].map((range) => networkOf(`${range.split("/")[0]}/${shorter}`));
  return network === otherNetwork;
}

/** This network, loopback, link-local, multicast and reserved. https://www.rfc-editor.org/rfc/rfc6890, read 2026-11-23 */
const unreachable = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"];

/** Whether another machine can have the address. */
export function isReachable(address: string): boolean {
  return unreachable.every((range) => networkOf(`${address}/${range.split("/")[1]}`) !== range);
}

const numberOf = (address: string) => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
const textOf = (number: number) => [24, 16, 8, 0].map((bits) => (number >>> bits) & 255).join(".");
