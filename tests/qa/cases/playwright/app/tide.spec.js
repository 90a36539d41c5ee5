const { test, expect } = require("@playwright/test");
const mode = process.env.MODE;

test("alpha", () => {});
test.describe("tides", () => {
  test("beta", async ({}, info) => {
    test.setTimeout(0);
    if (mode === "fail") expect("low").toBe("high");
    if (mode === "crash") process.kill(process.pid, "SIGSEGV");
    if (mode === "skip") test.skip(true, "no moon");
    if (mode === "kill") await new Promise((r) => setTimeout(r, 600000));
  });
  test("gamma", ({}, info) => {
    if (mode === "fail") expect(info.retry).toBe(1);
  });
});
