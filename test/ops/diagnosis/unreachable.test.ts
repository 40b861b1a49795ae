import { fixOfSilence } from "../../../ops/diagnosis/unreachable";

// The words of kubectl 1.34, recorded.
test.each([
  ["a proxy that allows nothing", "Unable to connect to the server: Forbidden", /HTTPS_PROXY.* NO_PROXY/],
  [
    "a proxy that wants a login",
    "Unable to connect to the server: Proxy Authentication Required",
    /HTTPS_PROXY/,
  ],
  ["a proxy that does not find the server", "Unable to connect to the server: Bad Gateway", /HTTPS_PROXY/],
  ["a proxy that is overloaded", "Unable to connect to the server: Service Unavailable", /HTTPS_PROXY/],
  [
    "a proxy that is not there, or no server",
    "The connection to the server 192.0.2.1:6443 was refused - did you specify the right host or port?",
    /nothing listens at that address, or at the proxy/,
  ],
  [
    "a server that forbids, which is no proxy",
    'Error from server (Forbidden): nodes is forbidden: User "viewer" cannot list resource "nodes"',
    undefined,
  ],
])("what helps against %s", (_, words, fix) => {
  if (fix === undefined) expect(fixOfSilence(words)).toBeUndefined();
  else expect(fixOfSilence(words)).toMatch(fix);
});
