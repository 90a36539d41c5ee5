RSpec.describe "tides" do
  mode = ENV["MODE"]
  it("alpha") {}
  it "beta" do
    expect("low").to eq("high") if mode == "fail"
    Process.kill("SEGV", Process.pid) && sleep(5) if mode == "crash"
    skip("no moon") if mode == "skip"
    sleep 600 if mode == "kill"
  end
  it("gamma") {}
end
