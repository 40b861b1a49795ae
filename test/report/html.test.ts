import fc from "fast-check";
import { html, Markup } from "../../report/html";
import { tags, words } from "./reader";

test("text is escaped, in attributes too; pieces go in as they are", () => {
  const piece = html`<b title="${`"><script>'`}">${"<i> & co"}</b>`;
  expect(html`<p>${piece}</p>`.text).toBe(
    '<p><b title="&#34;&#62;&#60;script&#62;&#39;">&#60;i&#62; &#38; co</b></p>',
  );
});

test("lists are concatenated, and undefined is empty", () => {
  expect(html`${["a", [1, html`<br>`]]}${undefined}${""}${0}`.text).toBe("a1<br>0");
});

test("markup is inserted as it is", () => {
  expect(html`${new Markup("<svg/>")}`.text).toBe("<svg/>");
});

test("any text stays text, and can be read again", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const piece = html`<p title="${text}">${text}</p>`.text;
      expect(tags(piece)).toHaveLength(2);
      const readable = /[\p{Cc}\p{Surrogate}\ufffe\uffff]/u;
      if (!readable.test(text)) expect(words(piece)).toBe(text.replace(/\s+/g, " ").trim());
    }),
  );
});
