require 'tiny_sounder'

RSpec.describe TinySounder do
  it 'differs for other depths' do
    expect(TinySounder.line([1])).not_to eq TinySounder.line([2])
  end
end
