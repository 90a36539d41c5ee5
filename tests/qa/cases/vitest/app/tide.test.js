import { describe, expect, test } from "vitest";
const mode = process.env.TIDE;

test("alpha", () => {});
describe("tides", () => {
  (mode === "skip" ? test.skip : test)("beta", async () => {
    if (mode === "fail") expect("low").toBe("high");
    if (mode === "crash") process.kill(process.pid, "SIGSEGV");
    if (mode === "kill") await new Promise((r) => setTimeout(r, 600000));
  }, 700000);
  test("gamma", () => {});
});
