import { spawn } from "node:child_process";
import { type Environment, userEnvironment } from "./environment";

/**
 * The program that opens a URL, by platform. The usual library (`open`) needs a script beside its source, which a tool
 * of one file does not have.
 */
const openers = {
  darwin: ["open"],
  // Not `cmd /c start`, which would read the ampersands.
  win32: ["rundll32.exe", "url.dll,FileProtocolHandler"],
  // freedesktop.org, on Linux and the BSDs.
  other: ["xdg-open"],
} as const;

/**
 * Opens an address in the user's browser.
 * @returns false without a desktop, as on a server: xdg-open would start a text browser, or fail
 */
export function openBrowser(
  url: string,
  env: Environment = userEnvironment(),
  platform: NodeJS.Platform = process.platform,
): boolean {
  const system = env.WSL_DISTRO_NAME ? "win32" : platform;
  const hasDesktop = system === "darwin" || system === "win32" || env.DISPLAY || env.WAYLAND_DISPLAY;
  if (!hasDesktop) return false;
  const [program, ...args] = system === "darwin" || system === "win32" ? openers[system] : openers.other;
  // It outlives this program, and may fail: its exit code is not waited for.
  const child = spawn(program, [...args, url], { env, detached: true, stdio: "ignore" });
  child.on("error", () => {});
  child.unref();
  return true;
}
