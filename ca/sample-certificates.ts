/** A certificate whose private key Istio publishes. Both fingerprints are SHA-256, in lower-case hex. */
export interface SampleCertificate {
  /** Its name in upstream's samples/certs. */
  readonly file: string;
  /** Of the DER certificate. */
  readonly certificate: string;
  /** Of the SubjectPublicKeyInfo: it catches the same key in a certificate issued again. */
  readonly publicKey: string;
}

/** https://github.com/istio/istio/tree/master/samples/certs; the newest of them end in 2033, the oldest in 2117. */
export const sampleCertificates: readonly SampleCertificate[] = [
  {
    file: "root-cert.pem",
    certificate: "63727a1785cab47acec5c24cc0669c20824e8ae1ac28079a4d2f8c830592e7b0",
    publicKey: "f0592d4d660052580d0c0bfe09f9a4d795ad8ab7c2fa86c33276fbb352145ee5",
  },
  {
    file: "ca-cert.pem",
    certificate: "f867174e4a31f1792f8c0354a23f8f049bd4019729cd2ee579d67033065b2dc2",
    publicKey: "42d8cfd1102e06e3f2579e68f9db4f787ec9cbcd1f19f1bae7934cee918c2fef",
  },
  {
    file: "root-cert-alt.pem",
    certificate: "11c9202c6be8ea5fcfb46d8591a8cf83b20eb97ade97234840851af8763ae428",
    publicKey: "42d0f6531c3afb84b72f12f458fa35dc74402771fed9b27ad48a665474dde501",
  },
  {
    file: "ca-cert-alt.pem",
    certificate: "40ff5d9dcaa80833bb7291ef1f89acd9f4da11d6c6006b78897d3f9e2cff86b5",
    publicKey: "88e809261b157f0db238901c0033e6bfeba79793c20ab8af41963cdd41ce6600",
  },
  {
    file: "ca-cert-alt-2.pem",
    certificate: "677fbf661531ab421e73bfe7b2ebdb7ec5509174e3dfcd39d24b852e2d46d46c",
    publicKey: "7c5f2208b98507d0d6f1fda0a6609e93fbb7fb434d39ed78b71e305e23d7a46d",
  },
];
