require 'multi_json'
require 'depth'

# Soundings of a harbour, as a checked line.
module TinySounder
  def self.line(depths)
    text = MultiJson.dump(depths)
    "#{text} #{Depth.checksum(text)}"
  end
end
