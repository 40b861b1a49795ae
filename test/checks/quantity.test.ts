import { quantity } from "../../checks/quantity";

test.each([
  ["500m", 0.5],
  ["2", 2],
  ["0.5", 0.5],
  ["24581684Ki", 24581684 * 1024],
  ["2Gi", 2 ** 31],
  ["129e6", 129e6],
  ["129M", 129e6],
  ["128974848000m", 128974848],
  ["", 0],
  ["lots", 0],
])("%s is %d", (text, number) => {
  expect(quantity(text)).toBeCloseTo(number);
});
