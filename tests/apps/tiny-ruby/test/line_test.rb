require 'minitest/autorun'
require 'tiny_sounder'

class LineTest < Minitest::Test
  def test_has_a_checksum
    assert_match(/\A\[1,2\] [1-9]\d*\z/, TinySounder.line([1, 2]))
  end

  def test_waits
    skip 'no tide'
  end
end
