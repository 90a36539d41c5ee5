const test = require("node:test");
const assert = require("node:assert");
const mode = process.env.MODE;

test("alpha", () => {});
test("tides", async (t) => {
  await t.test("beta", async (t) => {
    if (mode === "fail") assert.strictEqual("low", "high");
    if (mode === "crash") process.kill(process.pid, "SIGSEGV");
    if (mode === "skip") t.skip("no moon");
    if (mode === "kill") await new Promise((r) => setTimeout(r, 600000));
  });
  await t.test("gamma", () => {});
});
