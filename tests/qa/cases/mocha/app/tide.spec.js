const assert = require("assert");
const mode = process.env.MODE;

it("alpha", () => {});
describe("tides", () => {
  it("beta", function (done) {
    this.timeout(0);
    if (mode === "fail") assert.strictEqual("low", "high");
    if (mode === "crash") process.kill(process.pid, "SIGSEGV");
    if (mode === "skip") this.skip();
    if (mode === "kill") setTimeout(done, 600000);
    else setTimeout(done, 20);
  });
  it("gamma", () => {});
});
