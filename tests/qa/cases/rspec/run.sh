tool '' rspec -f documentation tide_spec.rb
tool progress rspec tide_spec.rb
tool json rspec -f json tide_spec.rb
