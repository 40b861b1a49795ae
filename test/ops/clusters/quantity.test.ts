import { quantity } from "../../../ops/clusters/quantity";

test.each([
  ["500m", 0.5],
  ["2", 2],
  ["0.5", 0.5],
  ["24581684Ki", 24581684 * 1024],
  ["2Gi", 2 ** 31],
  ["129e6", 129e6],
  ["129M", 129e6],
  ["128974848000m", 128974848],
])("%s is %d", (text, number) => {
  expect(quantity(text)).toBeCloseTo(number);
});

test.each(["", "lots", "3 Gi", "1.31.1", "2Zi"])("%j is no quantity", (text) => {
  expect(quantity(text)).toBeUndefined();
});
