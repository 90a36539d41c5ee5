class Base
  def base_method; end
end
class Util
  def self.clean(x)
    x.strip
  end
end
