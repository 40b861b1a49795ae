/** What credential plugins write when a person has to log in, and how. */
const prompts: readonly { readonly words: RegExp; readonly how: string }[] = [
  // kubelogin of Azure (azidentity, DeviceCodeCredential): "To sign in, use a web browser to open the page
  // https://microsoft.com/devicelogin and enter the code ... to authenticate."
  { words: /\/devicelogin\b|\benter the code\b/i, how: "device code" },
  // kubelogin of int128: "Please visit the following URL in your browser"; aws sso login: "open the following URL".
  { words: /\b(visit|open) the following URL\b|\bin your (default )?browser\b/i, how: "browser" },
];

/** How a plugin wants a person to log in, by what it wrote to stderr; undefined: it does not. */
export const loginPrompt = (stderr: string): string | undefined =>
  prompts.find(({ words }) => words.test(stderr))?.how;
