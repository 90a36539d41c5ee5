require_relative 'lib/util'
class App < Base
  def initialize(name)
    @name = name
  end

  def run
    helper
    Util.clean(@name)
    base_method
  end

  def helper
    puts "x"
  end
end
App.new("a").run
