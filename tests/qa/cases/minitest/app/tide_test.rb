require "minitest/autorun"
class TideTest < Minitest::Test
  i_suck_and_my_tests_are_order_dependent!
  def test_alpha; end
  def test_beta
    mode = ENV["MODE"]
    assert_equal("low", "high") if mode == "fail"
    (Process.kill("KILL", Process.pid); sleep 5) if mode == "crash"
    skip("no moon") if mode == "skip"
    sleep 600 if mode == "kill"
  end
  def test_gamma; end
end
