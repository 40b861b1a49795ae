/** A DER element: ASN.1 for the fields of a certificate that node:crypto does not provide. */
export interface Der {
  readonly tag: number;
  readonly content: Buffer;
  /** Tag and length included. */
  readonly raw: Buffer;
}

export const derTags = {
  boolean: 0x01,
  integer: 0x02,
  octets: 0x04,
  context0: 0xa0,
  context3: 0xa3,
} as const;

/**
 * The elements that follow one another in `bytes`.
 * @throws RangeError if the bytes are not DER
 */
export function derElements(bytes: Buffer): Der[] {
  const elements: Der[] = [];
  for (let at = 0; at < bytes.length; ) {
    const element = derElement(bytes.subarray(at));
    elements.push(element);
    at += element.raw.length;
  }
  return elements;
}

function derElement(bytes: Buffer): Der {
  let length = bytes.readUInt8(1);
  let start = 2;
  if (length >= 0x80) {
    const octets = length & 0x7f;
    // No length octets: BER's indefinite form. Over four: no file is that long.
    if (octets === 0 || octets > 4) throw new RangeError("not a DER length");
    length = bytes.readUIntBE(start, octets);
    start += octets;
  }
  const end = start + length;
  if (end > bytes.length) throw new RangeError("DER element longer than its parent");
  return { tag: bytes.readUInt8(0), content: bytes.subarray(start, end), raw: bytes.subarray(0, end) };
}
