import { certificatesOf } from "../../../ops/status/cluster-facts";
import { days, issue } from "../../ca/authority";

// The public part of a Secret cacerts, as status and report show it.

test("every certificate is named once, the root first, and the first end counts", async () => {
  const root = await issue({ subject: "CN=Root CA, O=shop", to: days(900) });
  const between = await issue({ subject: "CN=between", issuer: root, to: days(20) });
  const intermediate = await issue({ subject: "CN=main0", issuer: between, to: days(300) });
  const chain = [intermediate, between, root].map(({ pem }) => pem).join("");
  const found = certificatesOf(root.pem, [intermediate.pem, chain])!;
  expect(found.list.map(({ role, subject, notAfter }) => [role, subject, notAfter])).toEqual([
    ["root", "CN=Root CA, O=shop", days(900)],
    ["intermediate", "CN=main0", days(300)],
    ["intermediate", "CN=between", days(20)],
  ]);
  expect(found).toMatchObject({ notAfter: days(20), root: found.list[0]!.fingerprint });
});

test("a second root is a root", async () => {
  const [old, next] = [await issue({ subject: "CN=old" }), await issue({ subject: "CN=next" })];
  const found = certificatesOf(`${old.pem}${next.pem}`, [])!;
  expect(found.list.map(({ role, subject }) => `${role} ${subject}`)).toEqual([
    "root CN=old",
    "root CN=next",
  ]);
});

test("without a root there is nothing to read", () => {
  expect(certificatesOf("", ["not a certificate"])).toBeUndefined();
});
