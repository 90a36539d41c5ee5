Gem::Specification.new do |s|
  s.name = 'tiny_sounder'
  s.version = '0.1'
  s.summary = 'Soundings'
  s.authors = ['nobody']
  s.files = Dir['lib/*.rb']
  s.extensions = ['ext/depth/extconf.rb']
  s.add_dependency 'multi_json', '>= 1.0'
  s.add_development_dependency 'rspec'
end
